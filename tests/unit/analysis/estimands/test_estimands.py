"""The package's matrices are found, in reading order, and every one says how a report shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

import xdomain.analysis.estimands as package
from xdomain.analysis.estimands import estimands, load_estimand, own_estimands
from xdomain.core.errors import PluginError


def test_every_module_of_the_package_is_found():
    modules = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__", "pass_at_k"}
    names = {each.name for each in own_estimands() if not each.name.startswith("pass_at_")}
    assert names == modules


def test_they_come_in_reading_order():
    names = list(estimands())
    assert names[:4] == ["accuracy", "strategy_effect", "strategy_matched", "transfer"]
    sections = [each.template.section for each in estimands().values()]
    assert sections == sorted(sections, key=("accuracy", "main", "further").index)


def test_no_two_share_a_place_and_every_comparison_asks_a_question():
    places = [(each.template.section, each.rank) for each in own_estimands()]
    assert len(set(places)) == len(places)
    assert all(each.template.question for each in own_estimands() if each.template.centre is not None)


def test_what_no_package_provides_is_refused():
    with pytest.raises(PluginError, match='unknown estimand "retenton"'):
        load_estimand("retenton")
    assert list(estimands(["retention"])) == list(estimands())
