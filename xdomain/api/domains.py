"""List, describe, sample and check domains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xdomain.config.domain_registry import DOMAINS
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.load import load_domains, load_experiment
from xdomain.config.model import ModelConfig
from xdomain.config.setups import entry_name
from xdomain.config.validation import validate
from xdomain.config.yaml_file import read_yaml
from xdomain.core.errors import ConfigError, XDomainError
from xdomain.core.function_import import plain_error
from xdomain.core.registry import load_attribute
from xdomain.domains.base import Domain, Split
from xdomain.domains.build import build_domain, build_domains
from xdomain.domains.check import FEWEST_PROMPTS, DomainCheck, chance_level, check_domain
from xdomain.domains.preflight import fewer_than_asked
from xdomain.plan.recipe import evaluations_of
from xdomain.resolve.model_forms import model_source

BUILT_IN = ("math", "science", "logic", "puzzle")
"""Procedural domains that are checked by default."""


@dataclass(frozen=True)
class RegisteredDomain:
    """A domain that experiments can name.

    Attributes:
        name: Name of the domain in experiments.
        scorer: Id of its verifier; None if the domain cannot be built on this machine.
        target: Module or file that describes it.
        needs: Reason why it cannot be built; None if it can.
    """

    name: str
    scorer: str | None
    target: str
    needs: str | None

    def document(self) -> dict[str, str | None]:
        """Return the entry of this domain in the output of `xdomain domains list --json`."""
        return {"name": self.name, "scorer": self.scorer, "from": self.target, "needs": self.needs}


def list_domains() -> list[RegisteredDomain]:
    """Return every registered domain, by name."""
    found = []
    for name, target in sorted(DOMAINS.targets().items()):
        scorer, needs = None, None
        try:
            domain = build_domain(name)
            domain.item_identity()  # fails if the domain's files are missing
            scorer = domain.scorer
        except XDomainError as error:  # a benchmark's folder is not set or lacks its files, a package is not installed
            needs = error.what
        except Exception as error:  # a domain of another package may raise anything
            if name not in DOMAINS.plugins():
                raise
            needs = f"the domain {DOMAINS.described(name)} fails: {plain_error(error)}."
        found.append(RegisteredDomain(name, scorer, target, needs))
    return found


def describe_domains(target: str | Path) -> list[dict[str, Any]]:
    """Describe domains: source, template, verifier, reward, sizes, and the expected score of guessing.

    Args:
        target: Registered name, or a YAML file of a domain, an experiment or a study.

    Raises:
        ConfigError: The file has a mistake.
        PluginError: No domain has that name.
        DataError: The data of a domain is missing or malformed.
    """
    return [
        {
            "name": domain.name,
            "scorer": domain.scorer,
            "items": {split.value: len(domain.items(split)) for split in Split},
            "chance": chance_level(domain),
            "identity": dict(domain.item_identity()),
            "verifier": dict(domain.verifier_identity()),
            "reward": dict(domain.reward_identity()),
        }
        for domain in open_domains(target).values()
    ]


def sample_domains(
    target: str | Path,
    count: int = 3,
    split: str = "train",
    *,
    model: str | None = None,
    temperature: float = 0.0,
    max_tokens: int = 128,
) -> list[dict[str, Any]]:
    """Return the first items of each domain with their gold, a completion and its verdict.

    Args:
        target: Registered name, or a YAML file of a domain, an experiment or a study.
        count: Number of items per domain.
        split: "train", "dev" or "test".
        model: Model that answers: a folder, a .gguf file or hub:ID. If None, the completion is the right solution.
        temperature: Sampling temperature of the model; 0 is greedy.
        max_tokens: Largest number of tokens of a completion.

    Raises:
        ConfigError: The split or the model is unknown.
    """
    if split not in list(Split):
        raise ConfigError(f'"{split}" is not a split.', where="--split", fix="Known: train, dev, test.")
    found: list[dict[str, Any]] = []
    for domain in open_domains(target).values():
        items = list(domain.items(Split(split))[:count])
        if model is None:
            solutions = [domain.render_solution(item) for item in items]
            verdicts = domain.score(items, solutions)
            answers = [
                {"completion": solution, "verdict": verdict.outcome, "reason": verdict.reason}
                for solution, verdict in zip(solutions, verdicts, strict=True)
            ]
        else:
            preview = load_attribute(
                "xdomain.evaluate.preview:preview"
            )  # loaded by name, because this package must not import torch
            config = validate(ModelConfig, model_source(model, None), "--model")
            answers = preview(config, domain, items, temperature=temperature, max_tokens=max_tokens)
        for item, answer in zip(items, answers, strict=True):
            described = {"domain": domain.name, "id": item.id, "system": item.system, "prompt": item.prompt}
            found.append(described | {"gold": item.gold} | answer)
        domain.close()
    return found


def check_domains(
    targets: str | Path | Iterable[str | Path] = BUILT_IN, *, most: int | None = None
) -> list[DomainCheck]:
    """Check that gold scores, that garbage does not, and that splits do not overlap.

    Args:
        targets: Registered names, or YAML files of domains, experiments or studies; by default the procedural domains.
        most: Largest number of items to judge per split; None for all.

    Returns:
        One check per domain. `ok` is true if it found no problem.

    Raises:
        ConfigError: A file has a mistake.
        PluginError: A name is not registered.
        DataError: The data of a domain is missing or malformed.
    """
    checks: list[DomainCheck] = []
    for target in [targets] if isinstance(targets, str | Path) else targets:
        evaluations = _evaluations(target)
        for name, domain in open_domains(target).items():
            fewest = FEWEST_PROMPTS if name == target and name in BUILT_IN else 0
            checked = check_domain(domain, most=most, fewest_prompts=fewest)
            if name in evaluations and (note := fewer_than_asked(domain, evaluations[name])):
                checked = replace(checked, notes=(*checked.notes, note))
            checks.append(checked)
            domain.close()
    return checks


def open_domains(target: str | Path) -> dict[str, Domain]:
    """Open a registered domain, the domain in a file, or all domains of an experiment or study. Return them by name."""
    entries = load_domains(Path(target)) if _is_file(target) else (str(target),)
    return build_domains(entries, map(entry_name, entries))


def _evaluations(target: str | Path) -> dict[str, EvaluationConfig]:
    """Return the evaluation settings by domain of an experiment's file; {} for a domain's or a study's."""
    data = read_yaml(Path(target)) if _is_file(target) else {}
    return evaluations_of(load_experiment(Path(target))) if "domains" in data and "pairs" not in data else {}


def _is_file(target: str | Path) -> bool:
    return str(target).endswith((".yaml", ".yml"))
