"""What the published JSON document promises; the whole schema is docs/reference/report.schema.json."""

from xdomain.analysis.result import AnalysisResult

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


def test_promised_keys_are_there():
    assert set(AnalysisResult.model_fields) >= PROMISED_KEYS
