"""Listing, describing, sampling and checking domains."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.plugins import write_package
from xdomain.api.domains import check_domains, describe_domains, list_domains, open_domains, sample_domains
from xdomain.core.errors import ConfigError, PluginError

ROOT = Path(__file__).parents[3]


def test_every_registered_domain_is_listed_with_its_verifier_or_its_need() -> None:
    found = {each.name: each for each in list_domains()}
    assert found["puzzle"].scorer
    assert all((each.scorer is None) != (each.needs is None) for each in found.values())
    assert set(found["math"].document()) == {"name", "scorer", "from", "needs"}


def test_a_description_counts_the_items_of_each_split() -> None:
    (described,) = describe_domains("logic")
    domain = open_domains("logic")["logic"]
    assert described["verifier"] == dict(domain.verifier_identity())
    assert set(described["items"]) == {"train", "dev", "test"}


def test_samples_are_right_by_their_own_solution() -> None:
    shown = sample_domains("puzzle", 2, "test")
    assert [row["verdict"] for row in shown] == ["right", "right"]
    with pytest.raises(ConfigError, match='"tset" is not a split'):
        sample_domains("puzzle", split="tset")


def test_checks_of_one_name_and_of_an_experiment() -> None:
    (one,) = check_domains("puzzle", most=20)
    assert one.ok
    assert [each.name for each in check_domains([ROOT / "experiments" / "smoke.yaml"], most=5)] == [
        "math", "logic", "puzzle",
    ]  # fmt: skip
    with pytest.raises(PluginError, match="Did you mean"):
        check_domains("puzle")


def test_broken_packages_are_listed_with_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        from xdomain.domains.builtin import PUZZLE
        from xdomain.domains.data_domain import DataDomain
        def raises(): return 1 / 0
        number = 3
        class Half:
            pass
        class NoIdentity(DataDomain):
            def __init__(self): super().__init__(PUZZLE)
            def item_identity(self): raise KeyError("rows")
    """
    names = {"raises": "raises", "number": "number", "half": "Half", "no_identity": "NoIdentity", "gone": "Nothing"}
    points = {name: f"broken_domains:{target}" for name, target in names.items()}
    write_package(tmp_path, "broken-domains", {"xdomain.domains": points}, {"broken_domains": source})
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {each.name: each for each in list_domains()}
    assert found["puzzle"].scorer
    words = {
        "raises": "cannot be made: ZeroDivisionError: division by zero",
        "number": "should give a Domain or DomainConfig. Found int",
        "half": "should give a Domain or DomainConfig. Found Half",
        "no_identity": "fails: KeyError: 'rows'",
        "gone": "has no attribute 'Nothing'",
    }
    for name, problem in words.items():
        assert problem in str(found[name].needs)
        assert f'"{name}" (of broken-domains 1.0)' in str(found[name].needs)
