"""Quantities of gates and contrasts: how they are written, and which there are."""

import pytest

from xdomain.analysis.quantities import check_analysis, checked_contrast, read_condition, read_quantity
from xdomain.config.analysis import AnalysisConfig, parse_quantity
from xdomain.config.written import Written
from xdomain.core.errors import ConfigError, PluginError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("order(math, science) on science", "order(math, science) on science"),
        ("order_effect(math,science on math)", "order(math, science) on math"),
        ("transfer(math on logic)", "transfer(math) on logic"),
        ("retention( math->science )", "retention(math -> science)"),
        ("mix_gain(2*b + 2*a) on a", "mix_gain(a + b) on a"),
        ("change(a + b [cgpo(alpha=1.2, k=3)]) on c", "change(a + b [cgpo(alpha=1.2, k=3)]) on c"),
        ("mean_diagonal_transfer()", "mean_diagonal_transfer()"),
        ("bwt(a -> b -> c)", "bwt(a -> b -> c)"),
    ],
)
def test_quantities_print_canonically(text, canonical):
    assert str(read_quantity(text)) == canonical
    assert str(read_quantity(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("math -> science", "not a quantity"),
        ("ordr(a, b) on a", 'Did you mean "order"'),
        ("order(a) on a", "takes 2 curricula. Found 1"),
        ("order(a, b)", "should name the evaluated domain"),
        ("asymmetry(a, b) on a", "takes no evaluated domain"),
        ("transfer(a on b) on b", "twice"),
        ("transfer(a ->) on b", "phase without a domain"),
        ("transfer(a) on B!", "not a quantity"),
    ],
)
def test_unreadable_quantities(text, words):
    with pytest.raises(ConfigError) as error:
        read_quantity(text)
    assert words in str(error.value)


def test_known_quantities_are_listed_by_the_names_that_are_printed():
    with pytest.raises(ConfigError) as error:
        read_quantity("nonsense(a)")
    known = str(error.value).partition("Known: ")[2].rstrip(".").split(", ")
    assert "order" in known
    assert "order_effect" not in known
    assert len(known) == len(set(known))


def test_levels_cannot_be_contrasts():
    with pytest.raises(ConfigError, match="cannot be a contrast"):
        checked_contrast(parse_quantity("accuracy(math) on math"))


@pytest.mark.parametrize("text", ["retention(a -> b)", "retention(a -> b) < x", "transfer(a on b) = 3", "x < 1"])
def test_unreadable_conditions(text):
    with pytest.raises(ConfigError):
        read_condition(text)


def test_an_experiment_is_told_of_a_misspelt_contrast_or_estimand():
    with pytest.raises(ConfigError, match=r'Did you mean "retention"') as error:
        check_analysis(AnalysisConfig.model_validate({"contrasts": ["retenton(a -> b)"]}), Written("e.yaml"))
    assert error.value.exit_code == 2
    with pytest.raises(ConfigError, match="cannot be a contrast"):
        check_analysis(AnalysisConfig.model_validate({"contrasts": ["acc(a)"]}), Written("e.yaml"))
    with pytest.raises(PluginError, match=r'unknown estimand "tranfer".*Did you mean "transfer"'):
        check_analysis(AnalysisConfig.model_validate({"estimands": ["tranfer"]}), Written("e.yaml"))
    good = AnalysisConfig.model_validate({"contrasts": ["order(a, b) on a"], "estimands": ["transfer"]})
    check_analysis(good, Written("e.yaml"))
