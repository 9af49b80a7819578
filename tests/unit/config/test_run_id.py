"""RunId: what it is, what it is called, and what a user may write for it."""

import pytest

from xdomain.config.curriculum import parse_curriculum
from xdomain.config.run_id import BASE_RUN, JOINT, RunId, parse_run
from xdomain.core.errors import ConfigError


def run(text: str, strategy: str = JOINT) -> RunId:
    return RunId(parse_curriculum(text), strategy)


@pytest.mark.parametrize(
    ("run_id", "label"),
    [
        (BASE_RUN, "base"),
        (run("math -> logic"), "math -> logic"),
        (run("2*logic + 2*math"), "logic + math"),
        (run("logic + math@20", "cgpo(alpha=1.2)"), "logic + math@20 [cgpo(alpha=1.2)]"),
        (RunId(model="SmolLM2-135M"), "SmolLM2-135M"),
    ],
)
def test_labels(run_id: RunId, label: str) -> None:
    assert str(run_id) == label


def test_equal_runs_are_one_key_and_a_model_called_like_a_curriculum_is_another() -> None:
    assert run("math + logic") == run("logic + math")
    assert len({run("math"), run("math", "cgpo"), RunId(model="math"), BASE_RUN, RunId()}) == 4


@pytest.mark.parametrize(
    ("text", "kind", "order"),
    [
        ("math", "single", ("math",)),
        ("math@20", "single", ("math",)),
        ("math -> logic -> math", "sequence", ("math", "logic", "math")),
        ("logic + math", "mixture", ()),
        ("logic + math -> science", None, ()),
    ],
)
def test_kinds_exclude_each_other(text: str, kind: str | None, order: tuple[str, ...]) -> None:
    found = run(text)
    kinds = {"single": found.is_single, "sequence": found.is_sequence, "mixture": found.is_mixture}
    assert [name for name, holds in kinds.items() if holds] == ([kind] if kind else [])
    assert found.order == order
    assert found.sets_steps is ("@" in text)


def test_what_has_no_curriculum_has_no_phases() -> None:
    for found in (BASE_RUN, RunId(model="math -> logic")):
        assert (found.phases, found.domains, found.order) == ((), (), ())
        assert [found.is_single, found.is_mixture, found.is_sequence] == [False] * 3
    assert BASE_RUN.is_base
    assert not RunId(model="base").is_base


@pytest.mark.parametrize("text", ["base", "math", "math -> logic", "logic + math [cgpo(alpha=1.2, k=2)]"])
def test_what_is_written_is_read_as_it_is_printed(text: str) -> None:
    assert str(parse_run(f" {text} ")) == text


@pytest.mark.parametrize("text", ["", "math [a] [b]", "math -> ", "Math", "math [cgpo"])
def test_what_is_no_run_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_run(text)


def test_a_curriculum_before_its_last_phase_and_reversed() -> None:
    chain = parse_curriculum("math -> logic -> science")
    assert str(chain.before) == "math -> logic"
    assert parse_curriculum("math").before is None
    assert str(chain.reversed()) == "science -> logic -> math"
    assert run("math -> logic", "cgpo").reversed() == run("logic -> math", "cgpo")
    assert BASE_RUN.reversed() is BASE_RUN
