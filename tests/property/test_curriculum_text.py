"""Curricula of any shape are read back from their text, alone and inside contrasts and gates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xdomain.config.analysis import parse_condition
from xdomain.config.curriculum import Curriculum, parse_curriculum, sequence
from xdomain.config.phases import AnyPhase, MergeMethod, make_distill, make_merge, make_phase
from xdomain.config.run_id import RunId, parse_run

NAMES = st.sampled_from(["math", "logic", "a", "merge", "on", "x_1"])
STEPS = st.none() | st.integers(1, 500)
TRAINED = st.builds(make_phase, st.dictionaries(NAMES, st.integers(1, 9), min_size=1, max_size=3), STEPS)
WEIGHTS = st.just(1.0) | st.integers(1, 3_000_000).map(lambda value: value / 10**6)
DENSITIES = st.none() | st.integers(1, 1000).map(lambda value: value / 1000)


@st.composite
def curricula(draw: st.DrawFn) -> Curriculum:
    """A curriculum with a function inside a function, up to five, each beside a plain argument or phase."""
    found = draw(TRAINED.map(lambda phase: Curriculum((phase,))))
    for _ in range(draw(st.integers(0, 5))):
        plain, name = draw(TRAINED), draw(NAMES)
        function: AnyPhase
        if draw(st.booleans()):
            weights = {found: draw(WEIGHTS), Curriculum((plain,)): draw(WEIGHTS)}
            function = make_merge(weights, draw(st.sampled_from(MergeMethod)), draw(DENSITIES))
            phases = [function, plain] if draw(st.booleans()) else [function]
        else:
            function = make_distill({"other": sequence(["other"]), name: found}, draw(STEPS))
            phases = [[function], [plain, function], [function, plain]][draw(st.integers(0, 2))]
        found = Curriculum(tuple(phases))
    return found


@given(curricula())
def test_text_is_read_back_with_any_spaces(curriculum: Curriculum) -> None:
    text = str(curriculum)
    for written in (text, text.replace(" ", ""), text.replace(" ", "  ").replace("(", " ( ").replace(")", " ) ")):
        found = parse_curriculum(written)
        assert (found, str(found)) == (curriculum, text)


@given(curricula(), st.sampled_from(["joint", "cgpo", "cgpo(alpha=1.2, k=2)"]))
def test_runs_and_gates_read_the_same_text(curriculum: Curriculum, strategy: str) -> None:
    run = RunId(curriculum, strategy)
    assert parse_run(str(run)) == run
    condition = parse_condition(f"transfer({run}, {run} on math) >= -0.05")
    assert condition.quantity.runs == (run, run)
    assert condition.quantity.domain == "math"
    assert parse_condition(str(condition)) == condition
