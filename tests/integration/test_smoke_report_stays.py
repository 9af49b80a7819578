"""The smoke grid's report, made again from its stored records, has the numbers that it had: for refactorings.

The fixture is a store that `make smoke` left, without weights. After a wanted change of numbers, make it again:
`python -m tests.fixtures.keep_smoke STORE`.
"""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.keep_smoke import report_of
from xdomain.analysis.read_result import from_version_1
from xdomain.api.session import open_experiment

FIXTURE = Path(__file__).parents[1] / "fixtures" / "smoke"
MISSING = object()


def differences(found: Any, expected: Any, where: str = "$") -> list[str]:
    """Return the places at which two JSON documents differ; a field that only the newer one has is no difference."""
    if isinstance(expected, dict) and isinstance(found, dict):
        pairs = [(f"{where}.{key}", found.get(key, MISSING), value) for key, value in expected.items()]
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = [(f"{where}[{n}]", *each) for n, each in enumerate(zip(found, expected, strict=True))]
    elif isinstance(expected, float) and isinstance(found, int | float):
        return [] if found == pytest.approx(expected, rel=1e-9, abs=1e-12) else [where]
    else:
        return [] if found == expected else [where]
    return [place for name, one, other in pairs for place in differences(one, other, name)]


def test_every_number_stays(tmp_path: Path, repository: Path) -> None:
    with tarfile.open(FIXTURE / "store.tar.xz") as archive:
        archive.extractall(tmp_path / "store")  # our own archive; Python 3.11.2 knows no `filter`
    opened = open_experiment(repository / "experiments" / "smoke.yaml", store=tmp_path / "store")
    assert len(opened.store.done(opened.plan.stages.values())) == len(opened.plan.stages), "a key moved"
    found = report_of(opened)
    kept = json.loads(gzip.decompress((FIXTURE / "report.json.gz").read_bytes()))
    expected = from_version_1(kept) if kept["meta"]["schema_version"] == 1 else kept
    changed = differences(found, expected)
    assert not changed, f"{len(changed)} values changed: {changed[:5]}"
