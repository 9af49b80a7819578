"""What the published JSON document promises; the whole schema is docs/reference/report.schema.json."""

from xdomain.analysis.estimands import estimands
from xdomain.analysis.result import AnalysisResult

PROMISED_KEYS = {"matrices", "trajectories", "effort", "summary", "sentences", "meta"}
PROMISED_MATRICES = {
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
    "gained",
    "lost",
    "odds_ratio",
}


def test_promised_keys_are_there():
    assert set(AnalysisResult.model_fields) >= PROMISED_KEYS
    assert set(estimands()) >= PROMISED_MATRICES
