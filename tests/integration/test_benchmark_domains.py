"""The shipped benchmarks on rows of the benchmarks' shape (GSM8K, HumanEval: test_real_data)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.benchmark_rows import HUB, KNIGHTS_AND_KNAVES, WRITING_BENCH
from tests.support.openai_server import judge_server, ticket_in
from xdomain.config.domain import DomainConfig
from xdomain.config.domain_file import BENCHMARKS, load_domain_file
from xdomain.config.domain_source import HfSource
from xdomain.config.domain_verifier import CriteriaJudge, JudgeEndpoint
from xdomain.config.load import load_experiment
from xdomain.core.errors import ConfigError, DataError, PluginError
from xdomain.core.records import Outcome
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.build import build_domain
from xdomain.domains.check import check_domain
from xdomain.domains.sandbox.choose import working_sandbox
from xdomain.domains.verifiers.criteria import CriteriaChecker
from xdomain.resolve.evaluations import domain_entries

WRONG_ANSWERS = {"math_500": "\\boxed{0}", "amc": "\\boxed{0}", "gpqa_diamond": "\\boxed{E}", "supergpqa": "\\boxed{J}"}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def on_rows(name: str, folder: Path) -> DomainConfig:
    """The described domain with rows of a local folder in place of the hub's; nothing else is changed."""
    config = load_domain_file(BENCHMARKS / f"{name}.yaml")
    assert isinstance(config.source, HfSource)
    assert len(config.source.revision or "") == 40, "a benchmark is pinned"
    split, rows = HUB[name]
    assert config.source.test == split
    write_rows(folder / f"{split}.jsonl", rows)
    source = config.source.model_copy(update={"id": str(folder), "revision": None, "config": None})
    return config.model_copy(update={"source": source})


def items_of(domain: Domain) -> list[Item]:
    return list(domain.items(Split.TEST))


def test_a_name_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In `domains:`, where workers elsewhere get the whole description, and in `--domains`."""
    experiment = {
        "name": "named",
        "model": {"preset": "tiny_qwen3"},
        "domains": ["gsm8k", "math"],
        "grid": {"singles": True},
        "training": {"steps": 1},
    }
    path = tmp_path / "experiment.yaml"
    path.write_text(json.dumps(experiment))
    monkeypatch.delenv("XDOMAIN_DATA", raising=False)
    with pytest.raises(ConfigError, match=r"gsm8k\.yaml:\d+:\d+: source\.train: \$\{XDOMAIN_DATA\} is not set"):
        load_experiment(path)
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    described, micro = load_experiment(path).domains
    assert (described, micro) == (load_domain_file(BENCHMARKS / "gsm8k.yaml"), "math")
    assert domain_entries("gsm8k, math") == [described, micro]
    with pytest.raises(PluginError, match='Did you mean "gsm8k"'):
        build_domain("gms8k")


@pytest.mark.parametrize("name", list(HUB))
def test_own_solutions_are_right_and_others_are_not(name: str, tmp_path: Path) -> None:
    if name == "mbpp" and working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")
    domain = build_domain(on_rows(name, tmp_path))
    try:
        found = check_domain(domain)
        (part,) = found.splits
        assert (part.split, part.items, part.gold_right) == ("test", 2, 2), part.gold_failures
        assert part.neighbour_right == part.garbage_right == 0
        assert found.ok
        if name in WRONG_ANSWERS:
            verdicts = domain.score(items_of(domain), [WRONG_ANSWERS[name]] * 2)
            assert [verdict.score for verdict in verdicts] == [0.0, 0.0]
    finally:
        domain.close()


def test_gpqa_letters_follow_the_options(tmp_path: Path) -> None:
    config = on_rows("gpqa_diamond", tmp_path)
    domain = build_domain(config)
    for item, row in zip(items_of(domain), HUB["gpqa_diamond"][1], strict=True):
        assert f"{item.gold}) {row['Correct Answer'].strip()}" in item.prompt
        assert all(f") {row[f'Incorrect Answer {number}']}" in item.prompt for number in (1, 2, 3))
    again = build_domain(config.model_copy(update={"limit": config.limit.model_copy(update={"test": 1})}))
    assert items_of(again)[0].prompt == items_of(domain)[0].prompt, "an order depends on its own row alone"
    assert "options" in domain.item_identity(), "the columns are part of what the domain is"
    other = build_domain(on_rows("amc", tmp_path / "amc"))
    assert "options" not in other.item_identity(), "keys of others stay as they are"


def test_an_option_twice_is_refused(tmp_path: Path) -> None:
    config = on_rows("gpqa_diamond", tmp_path)
    row = {**HUB["gpqa_diamond"][1][0], "Incorrect Answer 1": "The gluon"}
    write_rows(tmp_path / "train.jsonl", [row])
    with pytest.raises(DataError, match="two options are the same"):
        build_domain(config).items(Split.TEST)


def test_mbpp_runs_the_assertions(tmp_path: Path) -> None:
    if working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")
    domain = build_domain(on_rows("mbpp", tmp_path))
    shared, circle = items_of(domain)
    cheat = "```python\nclass Yes:\n    __eq__ = lambda *_: True\ndef shared(a, b):\n    return Yes()\n```"
    fails = "```python\ndef shared(a, b):\n    return a\n```"
    other_name = "```python\ndef common(a, b):\n    return tuple(set(a) & set(b))\n```"
    verdicts = domain.score([shared] * 3 + [circle], [cheat, fails, other_name, "no code here"])
    assert [verdict.outcome for verdict in verdicts] == [Outcome.WRONG] * 4
    assert verdicts[1].reason == "a test failed"


def test_knights_and_knaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    for people in range(2, 9):
        rows = [{**row, "quiz": f"{people}: {row['quiz']}"} for row in KNIGHTS_AND_KNAVES]
        write_rows(tmp_path / "knights-and-knaves" / "test" / f"people{people}_num100.jsonl", rows)
    domain = build_domain("knights_and_knaves")
    found = check_domain(domain)
    assert (found.splits[0].items, found.splits[0].gold_right, found.ok) == (14, 14, True)
    item = items_of(domain)[0]
    answers = ["<answer>Zoey is a knight, Oliver is a knight</answer>", "Zoey is a knight, Oliver is a knave", "Zoey"]
    outcomes = [verdict.outcome for verdict in domain.score([item] * 3, answers)]
    assert outcomes == [Outcome.WRONG, Outcome.RIGHT, Outcome.MALFORMED]


def test_writing_bench_is_scored_by_its_own_criteria(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    write_rows(tmp_path / "WritingBench" / "benchmark_query" / "benchmark_all.jsonl", WRITING_BENCH)
    config = load_domain_file(BENCHMARKS / "writing_bench.yaml")
    assert isinstance(config.verifier, CriteriaJudge)

    def critic(question: str) -> str:
        """Looks at the response: nine points by a criterion that it names, else three."""
        criterion = question.split('"name": "')[1].partition('"')[0]
        response = question.split(" response>>>")[1]
        return json.dumps({"score": 9 if criterion in response else 3, "reason": "by its words"})

    with judge_server(critic) as server:
        judge = config.verifier.judge.model_copy(update={"base_url": server.url})
        config = config.model_copy(update={"verifier": config.verifier.model_copy(update={"judge": judge})})
        domain = build_domain(config)
        items = items_of(domain)
        assert [item.id for item in items] == ["1", "2"]
        verdicts = domain.score(
            [items[0], items[0], items[1], items[1]], ["structure and clarity", "clarity", "rain", " "]
        )
        assert [verdict.score for verdict in verdicts] == [0.9, 0.6, 0.3, 0.0]
        outcomes = [Outcome.RIGHT, Outcome.WRONG, Outcome.WRONG, Outcome.MALFORMED]
        assert [verdict.outcome for verdict in verdicts] == outcomes
        asked = len(server.requests)
        check = check_domain(domain)
        assert (check.ok, len(server.requests)) == (True, asked), "without references the check asks no judge"
        assert "no gold answers" in check.notes[0]


@pytest.mark.parametrize("reply", [{"score": 11, "reason": ""}, {"score": "9 or 8", "reason": ""}, {"score": True}, {}])
def test_a_critic_out_of_range_is_unscored(reply: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    item = Item("i", "Write.", "", metadata={"criteria": [{"name": "rhythm"}]})
    with judge_server(lambda _: json.dumps(reply)) as server:
        verdict = criteria_checker(server.url, demand_ticket=False).judge([item], ["rain"])[0]
        assert (verdict.outcome, verdict.score) == (Outcome.UNSCORED, None)


def test_a_ticket_is_demanded_unless_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    item = Item("i", "Write.", "", metadata={"criteria": '[{"name": "rhythm"}]'})
    with judge_server(lambda _: '{"score": 10, "reason": "told so"}') as server:
        assert criteria_checker(server.url).judge([item], ["rain"])[0].outcome is Outcome.UNSCORED
        assert criteria_checker(server.url, demand_ticket=False).judge([item], ["rain"])[0].score == 1.0
    with judge_server(lambda question: json.dumps({"ticket": ticket_in(question), "score": 4})) as server:
        assert criteria_checker(server.url).judge([item], ["rain"])[0].score == 0.4
    unreadable = Item("i", "Write.", "", metadata={"criteria": "none"})
    assert criteria_checker("http://127.0.0.1:9/v1").judge([unreadable], ["rain"])[0].outcome is Outcome.UNSCORED


def criteria_checker(url: str, **settings: bool) -> CriteriaChecker:
    endpoint = JudgeEndpoint(base_url=url, model="critic", api_key_variable=None, attempts=1)
    return CriteriaChecker(CriteriaJudge(kind="criteria_judge", judge=endpoint, **settings))
