"""Real data through the benchmarks that are shipped: what the shows of the project promise."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from tests.support.data import need_data
from xdomain.core.records import Outcome
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.check import check_domain
from xdomain.domains.sandbox.choose import working_sandbox

BBH = ("boolean_expressions", "logical_deduction_three_objects", "web_of_lies", "word_sorting")


def test_gsm8k_every_gold_is_right_and_no_neighbour_is(monkeypatch):
    folder = need_data(monkeypatch)
    domain = build_domain("gsm8k")
    found = check_domain(domain)
    domain.close()
    test = next(part for part in found.splits if part.split == "test")
    lines = (folder / "gsm8k" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    assert (test.items, test.gold_right, test.neighbour_right) == (len(lines), 1319, 0)
    assert found.ok
    # what the file itself says, read another way
    golds = [json.loads(line)["answer"].rsplit("#### ", 1)[1] for line in lines]
    assert [item.gold for item in domain.items(Split.TEST)] == golds
    assert found.overlap.total == 0


@pytest.mark.slow
def test_humaneval_canonical_solutions_pass_and_pass_does_not(monkeypatch):
    folder = need_data(monkeypatch)
    if working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")
    domain = build_domain("humaneval")
    items = domain.items(Split.TEST)
    started = time.monotonic()
    golds = domain.score(items, [domain.render_solution(item) for item in items])
    empty = domain.score(items, ["    pass\n"] * len(items))
    seconds = time.monotonic() - started
    with gzip.open(folder / "humaneval" / "HumanEval.jsonl.gz", "rt") as handle:
        assert len(items) == sum(1 for _ in handle) == 164
    assert [item.id for item, verdict in zip(items, golds, strict=True) if verdict.outcome is not Outcome.RIGHT] == []
    assert [item.id for item, verdict in zip(items, empty, strict=True) if verdict.outcome is not Outcome.WRONG] == []
    assert seconds < 60


@pytest.mark.parametrize("task", BBH)
def test_big_bench_hard_every_gold_is_right(monkeypatch, task):
    folder = need_data(monkeypatch)
    found = check_domain(build_domain(f"bbh_{task}"))
    assert sum(part.gold_right for part in found.splits) == 250
    assert sum(part.garbage_right for part in found.splits) == 0
    assert found.ok
    targets = [row["target"] for row in json.loads((folder / "bbh" / f"{task}.json").read_text())["examples"]]
    most_common = max(targets.count(target) for target in set(targets)) / len(targets)
    assert found.chance == pytest.approx(most_common, abs=0.12), "the test split's constant answer is like the file's"
