"""The published JSON schema changes only on purpose: `XDOMAIN_WRITE_GOLDEN=1 pytest tests/golden` rewrites it."""

import json
import os
from pathlib import Path

from xdomain.analysis.result import AnalysisResult, result_schema

GOLDEN = Path(__file__).parent / "analysis_result.schema.json"
PROMISED_KEYS = {
    "accuracy",
    "transfer",
    "relative_transfer",
    "asymmetry",
    "order_effect",
    "order_sensitivity",
    "retention",
    "plasticity",
    "mix_gain",
    "sequence",
    "trajectories",
    "turnover",
    "odds_ratio",
    "effort",
    "summary",
    "sentences",
    "meta",
}


def test_schema_equals_the_published_one():
    found = result_schema()
    if os.environ.get("XDOMAIN_WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_promised_keys_are_there():
    assert set(AnalysisResult.model_fields) >= PROMISED_KEYS
