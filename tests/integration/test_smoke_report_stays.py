"""The smoke grid's report, made again from its stored records, has the numbers that it had: for refactorings.

The fixture is a store that `make smoke` left, without weights. After a wanted change of numbers, make it again:
`python -m tests.fixtures.keep_smoke STORE`.
"""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.keep_smoke import report_of
from xdomain.analysis.read_result import from_version_1
from xdomain.api.session import open_experiment

FIXTURE = Path(__file__).parents[1] / "fixtures" / "smoke"
MISSING = object()


NUMBER = re.compile(r"\d+(?:\.\d+)?")
PROSE = re.compile(r"\.(title|definition|source|family|note|caveat|statements\[\d+\])$")
"""Fields that hold words. They may be reworded, but keep their numbers, and stay empty or not."""


def differences(found: Any, expected: Any, where: str = "$") -> list[str]:
    """Return the places at which two JSON documents differ; a field that only the newer one has is no difference."""
    if PROSE.search(where) and isinstance(found, str) and isinstance(expected, str):
        same = NUMBER.findall(found) == NUMBER.findall(expected) and bool(found) == bool(expected)
        return [] if same else [where]
    if isinstance(expected, dict) and isinstance(found, dict):
        pairs = [(f"{where}.{key}", found.get(key, MISSING), value) for key, value in expected.items()]
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = [(f"{where}[{n}]", *each) for n, each in enumerate(zip(found, expected, strict=True))]
    elif isinstance(expected, float) and isinstance(found, int | float):
        return [] if found == pytest.approx(expected, rel=1e-9, abs=1e-12) else [where]
    else:
        return [] if found == expected else [where]
    return [place for name, one, other in pairs for place in differences(one, other, name)]


def sentences_of(report: dict[str, Any]) -> list[str]:
    """Return the answers of a report, then their details."""
    answers = [finding["sentence"] for finding in report["findings"]]
    return answers + [line for finding in report["findings"] for line in finding["details"]]


def test_every_number_stays(tmp_path: Path, repository: Path) -> None:
    with tarfile.open(FIXTURE / "store.tar.xz") as archive:
        archive.extractall(tmp_path / "store")  # our own archive; Python 3.11.2 knows no `filter`
    opened = open_experiment(repository / "experiments" / "smoke.yaml", store=tmp_path / "store")
    assert len(opened.store.done(opened.plan.stages.values())) == len(opened.plan.stages), "a key moved"
    found = report_of(opened)
    kept = json.loads(gzip.decompress((FIXTURE / "report.json.gz").read_bytes()))
    expected = from_version_1(kept) if kept["meta"]["schema_version"] == 1 else kept
    assert found["sentences"] == sentences_of(found)
    expected["sentences"] = found["sentences"]  # worded anew on 2026-11-29, see below
    changed = differences(found, expected)
    assert not changed, f"{len(changed)} values changed: {changed[:5]}"
    assert {finding["name"]: finding["sentence"] for finding in found["findings"] if finding["is_main"]} == ANSWERS
    numbers = {number for sentence in kept["sentences"] for number in INTERVAL.findall(sentence)}
    worded = {number for sentence in found["sentences"] for number in INTERVAL.findall(sentence.replace("−", "-"))}
    assert numbers <= worded, "every interval that a sentence named is still named"


INTERVAL = re.compile(r"[-\d.]+ points \[[^]]+\]")
ANSWERS = {
    "ways": "For math and logic, math -> logic beats every other way in mean accuracy, the next by 2.7 points [0.6, "
    "4.8]; it ends 2.9 points [1.0, 4.9] above the domains' own experts on average; one seed: this holds for these "
    "checkpoints only.",
    "transfer": "Transfer to another domain: none shown in 6 of 6 comparisons; effects up to 2.5 points are not ruled "
    "out.",
    "order": "An order effect is shown in 4 of 9 comparisons, largest first: math -> logic beats logic -> math on "
    "logic by 6.4 points [3.6, 9.2]; puzzle -> logic beats logic -> puzzle on logic by 5.8 points [2.4, 9.1]; math -> "
    "logic beats logic -> math on puzzle by 2.8 points [0.5, 5.2]; and 1 more.",
    "retention": "A change of an earlier domain is shown in 1 of 6 comparisons (1 loss): logic -> puzzle leaves logic "
    "2.5 points [1.1, 3.9] lower than logic did (240 against 120 steps).",
    "mixture": "A difference between a mixture and the orders of its domains is shown in 6 of 9 comparisons (1 gain, 5 "
    "losses), largest first: logic + math is beaten by one of its orders on logic by 9.4 points [5.2, 13.1]; logic + "
    "puzzle is beaten by one of its orders on logic by 5.3 points [1.5, 8.7]; math + puzzle is beaten by one of its "
    "orders on math by 3.5 points [0.5, 6.1]; and 3 more (120 against 240 steps).",
}
"""The first screen of the smoke report."""
