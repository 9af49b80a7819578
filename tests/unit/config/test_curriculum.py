"""The curriculum grammar: what it reads, how it prints, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_experiment, make_plan
from xdomain.config.curriculum import parse_curriculum, with_inner
from xdomain.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("math", "math"),
        ("math->science", "math -> science"),
        ("science + math", "math + science"),
        ("2*math + science", "2*math + science"),
        ("2*science + 4 * math", "2*math + science"),
        ("3*math", "math"),
        ("a -> c + b -> a", "a -> b + c -> a"),
        ("a -> a", "a -> a"),
        ("a@10 -> b + c@20", "a@10 -> b + c@20"),
        ("merge(b,a)", "merge(a, b)"),
        ("merge( 0.70 * b , 1*a )", "merge(a, 0.7*b)"),
        ("merge(0.7*(math->logic), science) -> math@20", "merge(0.7*(math -> logic), science) -> math@20"),
        ("merge(a + 2*c, 2*b)", "merge(a + 2*c, 2*b)"),
        ("merge((4*a + 2*c), b@5)", "merge((2*a + c), b@5)"),
        ("merge(b, a, scale = auto)", "merge(a, b, scale=auto)"),
        ("merge(a, b, scale=auto, method=ties)", "merge(a, b, method=ties, scale=auto)"),
        ("merge(a, b, density=0.20, method=ties)", "merge(a, b, method=ties)"),
        ("merge(a, b, method = dare_ties, density = 0.5)", "merge(a, b, method=dare_ties, density=0.5)"),
        ("merge(merge(b, a), 0.5*merge(c, d))", "merge(merge(a, b), 0.5*merge(c, d))"),
        ("distill(b, a: a)@40", "distill(a, b)@40"),
        ("c -> distill(math: (math -> math), science)", "c -> distill(math: math -> math, science)"),
        ("distill(a: merge(a, b), b: a@3)", "distill(a: merge(a, b), b: a@3)"),
        ("rollback((a -> b@5), share=0.0010, to=(a))", "rollback(a -> b@5, to=a, share=0.001)"),
        ("rollback(a -> b, to=a, share=auto, method=attribution)", "rollback(a -> b, to=a, share=auto)"),
        ("rollback(a -> b -> c, to=a -> b, share=0.01)", "rollback(a -> b -> c, to=b, share=0.01)"),
        ("rollback(a -> b -> a -> c, to=a, share=1)", "rollback(a -> b -> a -> c, to=a, share=1)"),
        ("rollback(a -> b -> a -> c, to=a -> b -> a, share=1)", "rollback(a -> b -> a -> c, to=a -> b -> a, share=1)"),
        (
            "merge(0.5*rollback(a->b, to=a, share=0.1, method=random), b) -> a",
            "merge(b, 0.5*rollback(a -> b, to=a, share=0.1, method=random)) -> a",
        ),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    parsed = parse_curriculum(text)
    assert str(parsed) == canonical
    assert parse_curriculum(canonical) == parsed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "without a domain"),
        ("math ->", "without a domain"),
        ("0*math + logic", "weight 0"),
        ("math + math", "twice in one phase"),
        ("Math", "not a domain"),
        ("math + ../etc", "not a domain"),
        ("math@0", "0 steps"),
        ("math@5 + logic", "not a phase"),
        ("math & logic", "not a domain"),
        ("merge(a, b", "not closed"),
        ("merge(a, b))", r'"\)" has no place'),
        ("merge(a) + b", r'"\+ b" has no place'),
        ("(math)", r'"\(" has no place'),
        ("merg(a, b)", r'"merg\(" is not a function.*Did you mean "merge"'),
        ("merge(a, b)@10", "steps of a merge"),
        ("a -> merge(a, b)", r'"merge\(a, b\)" is not the first phase'),
        ("merge(a, b -> merge(a, b))", "not the first phase"),
        ("merge(0*a, 0.0*b)", '"0" is not a weight'),
        ("merge(0.1234567*a, b)", "at most 6 decimals"),
        ("merge(0.7*a -> b, c)", r'Use parentheses: "0.7\*\(a -> b\)"'),
        ("merge(2*a + b, c)", r'Use parentheses: "2\*\(a \+ b\)"'),
        ("merge(2*2*a, b)", "ambiguous"),
        ("merge(a, a)", "merges .a. twice"),
        ("merge(a, b, method=tie)", 'Did you mean "ties"'),
        ("merge(a, b, methd=ties)", 'Did you mean "method"'),
        ("merge(a, b, density=0.5)", "linear does not have"),
        ("merge(a, b, scale=0.5)", r"Multiply the weights: merge\(0.5\*a, 0.5\*b\)"),
        ("merge(a, b, method=ties, density=1.5)", "not a share"),
        ("merge(a, b, method=ties, density=0)", "not a share"),
        ("merge(a, method=ties, b)", "follows a setting"),
        ("merge(a, method=ties, method=ties)", "sets method twice"),
        ("merge(method=ties)", "merges nothing"),
        ("distill(a, a)", "two teachers"),
        ("distill(a + b)", "no place here"),
        ("distill(a, beta=1)", '"beta" is not a setting of distill'),
        ("merge(" * 6 + "a" + ")" * 6, "nests 6 functions"),
        ("rollback(a -> b, to=a)", "lacks a part"),
        ("rollback(a, b, to=a, share=0.1)", "several curricula"),
        ("rollback(a -> b, to=b, share=0.1)", '"b" is not an earlier end of "a -> b". It passes through "a"'),
        ("rollback(a, to=a, share=0.1)", "no other end"),
        ("rollback(b -> a -> b -> a -> b, to=a, share=0.1)", '"a" is not an earlier end'),
        ("rollback(a + b -> c, to=a + b, share=0.1)", "a phase of one domain"),
        ("rollback(merge(a, b) -> c, to=merge(a, b), share=0.1)", "a phase of one domain"),
        ("rollback(a -> b, to=a, share=0)", '"share=0" is not a share'),
        ("rollback(a -> b, to=a, share=0.1, method=rnd)", '"rnd" is not a method of rollback'),
        ("rollback(a -> b, to=a, dose=0.1)", "Its settings are to, share, method"),
        ("rollback(a -> b, to=a, share=0.1)@10", "steps of a rollback"),
        ("a -> rollback(a -> b, to=a, share=0.1)", "A rollback starts from the curriculum that it names"),
    ],
)
def test_refusals_name_the_curriculum(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        parse_curriculum(text)
    assert f'"{text}"' in str(raised.value)


def test_a_wrong_arrow_inside_a_function_is_corrected() -> None:
    with pytest.raises(ConfigError, match=r'Write "merge\(a -> b, c\)"'):
        parse_curriculum("merge(a → b, c)")


def test_functions_have_domains_and_inner_curricula() -> None:
    merged = parse_curriculum("merge(0.7*(math -> logic), science) -> puzzle")
    assert merged.domains == ("math", "logic", "science", "puzzle")
    assert list(map(str, merged.inner)) == ["math -> logic", "science"]
    assert [(index, str(phase)) for index, phase in merged.training_phases] == [(1, "puzzle")]
    taught = parse_curriculum("a -> distill(math: logic -> math, science)")
    assert taught.domains == ("a", "math", "science")  # the teachers' own domains are not trained on
    assert list(map(str, with_inner([parse_curriculum("merge(merge(a, b), c)")]))) == [
        "c", "a", "b", "merge(a, b)", "merge(c, merge(a, b))",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["a", "a + b", "a -> b", "merge(a, b)", "distill(a, b)", "merge(a, b) -> a", "rollback(a -> b, to=a, share=auto)"],
)
def test_kinds_of_curricula_exclude_each_other(text: str) -> None:
    found = parse_curriculum(text)
    kinds = [found.is_single, found.is_mixture, found.is_sequence, found.is_merge, found.is_distillation]
    assert kinds == [text == each for each in ("a", "a + b", "a -> b", "merge(a, b)", "distill(a, b)")]


def test_prefixes_end_with_the_whole() -> None:
    curriculum = parse_curriculum("a -> b + c -> a")
    assert [str(prefix) for prefix in curriculum.prefixes()] == ["a", "a -> b + c", "a -> b + c -> a"]
    assert curriculum.domains == ("a", "b", "c")


def test_refresh_returns_to_the_earlier_domain_from_a_shared_pair() -> None:
    found = make_plan(grid={"ordered_pairs": True, "refresh": 4})
    labels = [str(run.id) for run in found.runs]
    assert labels[2:] == ["logic -> puzzle -> logic@4", "puzzle -> logic -> puzzle@4"]
    pair, refreshed = found.runs[0].stages, found.runs[2].stages
    assert refreshed[:2] == pair
    last = found.stages[refreshed[2]]
    assert (last.steps, dict(last.offsets)) == (4, {"logic": 40})  # it goes on in the domain's queue


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grid": {"refresh": 10}}, "below training.steps = 10. Found 10"),
        ({"grid": {"refresh": 0}}, "greater than or equal to 1"),
        ({"training": {"steps": 10, "budget": "total"}}, "the budget `total` divides them itself"),
        ({"training": {"steps": 10, "updates_per_rollout": 5}}, "multiple of updates_per_rollout"),
        ({"domains": ["logic"]}, "needs two domains"),
    ],
)
def test_a_refresh_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_experiment(**{"grid": {"refresh": 4}, **changes})


@pytest.mark.parametrize(
    "text", ["merge(math, logc)", "distill(math: math -> logc)", "merge(math, merge(logic, logc@3))"]
)
def test_domains_inside_functions_must_be_listed(text: str) -> None:
    with pytest.raises(ValueError, match=r'"logc", which is not under `domains`.*Did you mean "logic"'):
        make_experiment(domains=["math", "logic"], grid={}, curricula=[text])


def test_steps_inside_functions_count_as_set() -> None:
    assert parse_curriculum("distill(math: math@3)").sets_steps
    assert not parse_curriculum("distill(math: math -> math)").sets_steps
