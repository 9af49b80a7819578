"""The `analysis` section of an experiment."""

import pytest

from xdomain.config.analysis import AnalysisConfig


def test_config_holds_canonical_contrasts():
    config = AnalysisConfig.model_validate({"contrasts": ["order(math,science) on math"]})
    assert config.model_dump(mode="json") == {
        "contrasts": ["order(math, science) on math"],
        "estimands": [],
        "margin": None,
        "predictors": [],
    }
    with pytest.raises(ValueError, match="not a quantity"):
        AnalysisConfig.model_validate({"contrasts": ["nonsense"]})
