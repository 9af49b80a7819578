"""Names of domains, generators, sources and verifiers; other packages add theirs through entry points."""

from __future__ import annotations

from xdomain.config.domain_file import BENCHMARKS
from xdomain.core.registry import Registry

PROCEDURAL = ("math", "science", "logic", "puzzle", "science_open", "science_choice")
DOMAINS = Registry(
    "domain",
    {name: f"xdomain.domains.builtin:{name.upper()}" for name in PROCEDURAL}
    | {path.stem: f"xdomain.domains.benchmarks:{path.stem}" for path in BENCHMARKS.glob("*.yaml")},
    "xdomain.domains",
)
"""A target is a `DomainConfig`, or a callable without arguments that makes a `Domain`."""

GENERATORS = Registry(
    "generator",
    {
        "arithmetic": "xdomain.domains.procedural.arithmetic:Arithmetic",
        "letters": "xdomain.domains.procedural.letters:Letters",
        "science_choice": "xdomain.domains.procedural.science.generators:ScienceChoice",
        "science_open": "xdomain.domains.procedural.science.generators:ScienceOpen",
        "quantities": "xdomain.domains.procedural.quantities:Quantities",
        "truth": "xdomain.domains.procedural.truth:Truth",
    },
    "xdomain.generators",
)
"""A target is a `Generator` class."""

SOURCES = Registry(
    "source",
    {
        "csv": "xdomain.domains.sources.csv:CsvRows",
        "hf": "xdomain.domains.sources.hf:HfRows",
        "json": "xdomain.domains.sources.json:JsonRows",
        "jsonl": "xdomain.domains.sources.jsonl:JsonlRows",
        "parquet": "xdomain.domains.sources.parquet:ParquetRows",
        "procedural": "xdomain.domains.sources.procedural:ProceduralRows",
        "reasoning_gym": "xdomain.domains.sources.reasoning_gym:ReasoningGymRows",
        "verl": "xdomain.domains.sources.verl:VerlRows",
    },
    "xdomain.sources",
)
"""A target takes the source's configuration and makes a `Source`."""

VERIFIERS = Registry(
    "verifier",
    {
        "assignment": "xdomain.domains.verifiers.assignment:AssignmentChecker",
        "choice": "xdomain.domains.verifiers.choice:ChoiceChecker",
        "criteria_judge": "xdomain.domains.verifiers.criteria:CriteriaChecker",
        "math": "xdomain.domains.verifiers.math:MathChecker",
        "number": "xdomain.domains.verifiers.number:NumberChecker",
        "pairwise_judge": "xdomain.domains.verifiers.pairwise:PairwiseChecker",
        "rubric_judge": "xdomain.domains.verifiers.rubric:RubricChecker",
        "text": "xdomain.domains.verifiers.text:TextChecker",
        "unit_tests": "xdomain.domains.verifiers.unit_tests:UnitTestChecker",
    },
    "xdomain.verifiers",
)
"""A target takes the verifier's configuration and makes a `Verifier`."""
