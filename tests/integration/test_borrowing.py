"""An evaluation takes what the store holds and generates the rest: the records are those of one in an empty store.

The tiny model computes in float32 on one thread, where the batch that a prompt is in does not change its tokens.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.support.domains_from_rows import write_jsonl
from tests.support.stock_completions import completion_server
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.files import write_json
from xdomain.core.parquet import read_records, read_rows, write_records
from xdomain.core.records import Outcome
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.stage import EvaluateStage
from xdomain.resolve.evaluations import domain_entries, evaluation_graph
from xdomain.schedule.events import RunOutcome
from xdomain.schedule.run import run_plan
from xdomain.store.artifact import MANIFEST, digests
from xdomain.store.drawn import DRAWN
from xdomain.store.lenders import DrawnAlike
from xdomain.store.store import Store

ROWS = 1319
"""As many as the test split of GSM8K has."""
OWN = ("stage_key", "checkpoint")
SAMPLED = {"items": 20, "temperature": 1.0}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stage = tmp_path_factory.mktemp("stage")
    save_full(*tiny_qwen3(seed=1), checkpoint_folder(stage, 0), chat_template=False)
    return checkpoint_folder(stage, 0)


def write_domain(folder: Path, name: str = "sums", *, rows: int = ROWS, gold: int = 5, **settings: Any) -> Path:
    """Describe a domain whose completions end early and often state a number; the verifier lets any digit pass."""
    data = [{"n": f"row {n}", "q": f"What is {n} + {n % 7}?", "a": str(gold)} for n in range(rows)]
    described = {
        "name": "sums",
        "source": {"kind": "jsonl", "test": write_jsonl(folder / f"{name}.jsonl", data)},
        "fields": {"id": "n", "question": "q", "gold": "a"},
        "verifier": {"kind": "number", "absolute_tolerance": 100},
        "stop": [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(described | settings))
    return folder / f"{name}.yaml"


REPAIRED = {"verifier": {"kind": "number", "absolute_tolerance": 2}}


class Run:
    """What an evaluation left."""

    def __init__(self, store: Store, stage: EvaluateStage, outcome: RunOutcome) -> None:
        self.store, self.stage, self.outcome = store, stage, outcome
        self.folder = store.folder(stage)

    @property
    def records(self) -> pd.DataFrame:
        return read_records([self.folder / "records.parquet"])

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = self.store.result(self.stage)["summary"]
        return found

    @property
    def log(self) -> str:
        return self.store.log_path(self.stage).read_text()


def evaluate(root: Path, model: Path | str, domain: Path, **evaluation: Any) -> Run:
    store = Store(root)
    settings = {
        "model": {"endpoint": {"protocol": "completions"}} if str(model).startswith("http") else {},
        "evaluation": {"max_completion_tokens": 6} | evaluation,
        "execution": {"executor": "inline", "device": "cpu"},
    }
    graph = evaluation_graph(store, str(model), domain_entries(str(domain)), settings)
    outcome = run_plan(graph, store, 1, lambda event: None, lambda scheduler: None)
    return Run(store, graph.evaluations[0], outcome)


def assert_same(found: Run, fresh: Run) -> None:
    """All rows: bitwise, but for the evaluation's own name, and mean entropies, which other batches round otherwise."""
    frames = [run.records.drop(columns=[*OWN]) for run in (found, fresh)]
    pd.testing.assert_frame_equal(*(frame.drop(columns="mean_entropy") for frame in frames), check_exact=True)
    np.testing.assert_allclose(frames[0]["mean_entropy"], frames[1]["mean_entropy"], atol=1e-5, rtol=0)


NOTHING = {"items": 0, "completions": 0, "completion_tokens": 0}


def test_more_items_generate_only_the_new_ones(model: Path, tmp_path: Path) -> None:
    domain = write_domain(tmp_path)
    runs = [evaluate(tmp_path / "store", model, domain, items=items) for items in (100, 300, 600)]
    assert [run.summary["generated"]["items"] for run in runs] == [100, 200, 300]
    assert [run.summary["borrowed"]["items"] for run in runs] == [0, 100, 300]
    assert sum(runs[2].summary["borrowed"]["completions"].values()) == 300
    assert_same(runs[2], evaluate(tmp_path / "fresh", model, domain, items=600))
    fewer = evaluate(tmp_path / "store", model, domain, items=50)
    assert fewer.summary["generated"] == NOTHING
    assert_same(fewer, evaluate(tmp_path / "fewer", model, domain, items=50))


def test_more_samples_and_items_at_once(model: Path, tmp_path: Path) -> None:
    domain = write_domain(tmp_path)
    one = evaluate(tmp_path / "store", model, domain, samples=1, **SAMPLED)
    four = evaluate(tmp_path / "store", model, domain, samples=4, **SAMPLED | {"items": 30})
    assert four.summary["generated"]["completions"] == 20 * 3 + 10 * 4
    assert four.summary["borrowed"] == {"items": 0, "completions": {one.stage.key: 20}}
    fresh = evaluate(tmp_path / "fresh", model, domain, samples=4, **SAMPLED | {"items": 30})
    assert_same(four, fresh)
    assert {"right", "malformed"} <= set(fresh.records["outcome"])


def test_another_verifier_judges_what_is_stored(model: Path, tmp_path: Path) -> None:
    before = evaluate(tmp_path / "store", model, write_domain(tmp_path), samples=4, **SAMPLED)
    after = evaluate(tmp_path / "store", model, write_domain(tmp_path, "repaired", **REPAIRED), samples=4, **SAMPLED)
    assert after.summary["generated"] == NOTHING
    fresh = evaluate(tmp_path / "fresh", model, tmp_path / "repaired.yaml", samples=4, **SAMPLED)
    assert_same(after, fresh)
    assert (after.records["outcome"] != before.records["outcome"]).any(), "the repair changes verdicts"


def test_rows_added_to_the_data_are_generated_alone(model: Path, tmp_path: Path) -> None:
    """Item, prompt and seed decide a completion; the items' identity, which changed, only whether verdicts hold."""
    evaluate(tmp_path / "store", model, write_domain(tmp_path, rows=40), samples=2, **SAMPLED | {"items": 40})
    grown = write_domain(tmp_path, rows=44)
    found = evaluate(tmp_path / "store", model, grown, samples=2, **SAMPLED | {"items": 44})
    assert found.summary["generated"]["items"] == 4
    assert_same(found, evaluate(tmp_path / "fresh", model, grown, samples=2, **SAMPLED | {"items": 44}))


def test_repaired_golds_are_judged_by(model: Path, tmp_path: Path) -> None:
    """All items are asked, for which are drawn of more goes by their golds too."""
    before = evaluate(tmp_path / "store", model, write_domain(tmp_path, rows=20), samples=2, **SAMPLED)
    repaired = write_domain(tmp_path, "repaired", rows=20, gold=300)
    found = evaluate(tmp_path / "store", model, repaired, samples=2, **SAMPLED)
    assert found.summary["generated"] == NOTHING
    assert_same(found, evaluate(tmp_path / "fresh", model, repaired, samples=2, **SAMPLED))
    assert (found.records["outcome"] != before.records["outcome"]).any()


@pytest.mark.parametrize(
    "changes",
    [{"temperature": 0.9}, {"max_completion_tokens": 5}, {"seed": 1}, {"batch_tokens": 500}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_sampling_borrows_nothing(changes: dict[str, Any], model: Path, tmp_path: Path) -> None:
    domain = write_domain(tmp_path)
    evaluate(tmp_path / "store", model, domain, **SAMPLED)
    assert evaluate(tmp_path / "store", model, domain, **SAMPLED | changes).summary["generated"]["items"] == 20


def test_another_prompt_borrows_nothing(model: Path, tmp_path: Path) -> None:
    evaluate(tmp_path / "store", model, write_domain(tmp_path), **SAMPLED)
    other = write_domain(tmp_path, "asked", template="{{ question }} Answer:")
    assert evaluate(tmp_path / "store", model, other, **SAMPLED).summary["generated"]["items"] == 20


def test_killed_and_gone_on_with(model: Path, tmp_path: Path) -> None:
    domain = write_domain(tmp_path)
    wanted = SAMPLED | {"samples": 3, "items": 60, "batch_tokens": 250}
    evaluate(tmp_path / "store", model, domain, **wanted | {"samples": 1, "items": 20})
    process = multiprocessing.get_context("fork").Process(
        target=evaluate, args=(tmp_path / "store", model, domain), kwargs=wanted
    )
    process.start()
    while process.is_alive() and answered(tmp_path / "store") < 10:
        time.sleep(0.001)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    found = evaluate(tmp_path / "store", model, domain, **wanted)
    assert 0 < found.summary["resumed_items"] < 60
    assert found.summary["generated"]["completions"] == 20 * 2 + 40 * 3
    assert_same(found, evaluate(tmp_path / "fresh", model, domain, **wanted))


def answered(store: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in store.glob("scratch/*/answers.jsonl"))


def rewrite(run: Run, **changes: Any) -> None:
    """Put other values into the first row of a published evaluation, whose digests then are those of the new file."""
    path = run.folder / "records.parquet"
    first, *rest = read_rows(path)
    write_records(path, [dataclasses.replace(first, **changes), *rest])
    write_json(run.folder / MANIFEST, digests(run.folder))


def test_two_that_disagree_are_named(model: Path, tmp_path: Path) -> None:
    """On the completion, whoever judged it; on the verdict, where one verifier judged both."""
    domain = write_domain(tmp_path)
    first = evaluate(tmp_path / "store", model, domain, **SAMPLED)
    second = evaluate(tmp_path / "store", model, domain, **SAMPLED | {"items": 30})
    taken = read_rows(first.folder / "records.parquet")[0]
    other = {"outcome": "wrong", "score": 0.0} if taken.outcome != "wrong" else {"outcome": "malformed"}
    for what, changes in (("completion", {"completion": "else"}), ("verdict", other)):
        rewrite(first, **changes)
        refused = evaluate(tmp_path / "store", model, domain, **SAMPLED | {"items": 35})
        (failure,) = refused.outcome.failed.values()
        assert f'another {what} of item "{taken.item_id}"' in failure.message
        assert "corrupt" in failure.message
        assert any(run.stage.key[:16] in failure.message for run in (first, second))
        rewrite(first, completion=taken.completion, outcome=taken.outcome, score=taken.score)
        refused.store.failures.clear(refused.stage)
    assert not evaluate(tmp_path / "store", model, domain, **SAMPLED | {"items": 35}).outcome.failed


def test_nothing_is_borrowed_from_what_is_damaged(model: Path, tmp_path: Path) -> None:
    domain = write_domain(tmp_path)
    first = evaluate(tmp_path / "store", model, domain, **SAMPLED)
    (first.folder / "records.parquet").write_bytes(b"PAR1 torn")
    second = evaluate(tmp_path / "store", model, domain, **SAMPLED | {"items": 30})
    assert second.summary["generated"]["items"] == 30
    assert f"{first.folder.name} is corrupt, so its completions are not reused" in second.log


def test_an_answer_that_could_not_be_judged_is_judged_again(model: Path, tmp_path: Path) -> None:
    domain = write_domain(tmp_path)
    first = evaluate(tmp_path / "store", model, domain, **SAMPLED)
    kept = read_rows(first.folder / "records.parquet")[0]
    rewrite(first, outcome=Outcome.UNSCORED.value, score=None, reason="the judge was down", answer=None)
    second = evaluate(tmp_path / "store", model, domain, **SAMPLED | {"items": 30})
    found = next(row for row in read_rows(second.folder / "records.parquet") if row.item_id == kept.item_id)
    assert (found.outcome, found.score, found.answer) == (kept.outcome, kept.score, kept.answer)
    assert second.summary["generated"]["items"] == 10


def test_a_store_without_an_index_gets_one(model: Path, tmp_path: Path) -> None:
    domain = write_domain(tmp_path)
    first = evaluate(tmp_path / "store", model, domain, **SAMPLED)
    shutil.rmtree(first.store.root / DRAWN)
    second = evaluate(tmp_path / "store", model, domain, **SAMPLED | {"items": 30})
    assert second.summary["borrowed"]["items"] == 20
    assert {each.key for each in DrawnAlike(first.store).of(first.stage.payload)} == {first.stage.key, second.stage.key}


def test_an_endpoint_is_asked_and_paid_for_what_is_new(tmp_path: Path) -> None:
    prices = {"usd_per_million_prompt_tokens": 1e6, "usd_per_million_completion_tokens": 1e6}
    greedy = {"temperature": 0.0, "endpoint": prices}
    with completion_server({"tiny": tiny_qwen3(seed=3)}) as server:
        address = f"{server.url}#tiny"
        evaluate(tmp_path / "store", address, write_domain(tmp_path), items=5, **greedy)
        assert len(server.requests) == 5
        more = evaluate(tmp_path / "store", address, tmp_path / "sums.yaml", items=8, **greedy)
        assert len(server.requests) == 8
        new = more.records.tail(8)
        assert more.summary["borrowed"]["items"] == 5
        assert 0 < more.summary["usd"] < new["prompt_tokens"].sum() + new["completion_tokens"].sum()


def test_samples_of_an_endpoint_are_judged_again_but_not_mixed(tmp_path: Path) -> None:
    sampled = {"temperature": 1.0, "items": 4}
    with completion_server({"tiny": tiny_qwen3(seed=3)}) as server:
        address = f"{server.url}#tiny"
        evaluate(tmp_path / "store", address, write_domain(tmp_path), samples=1, **sampled)
        more = evaluate(tmp_path / "store", address, tmp_path / "sums.yaml", samples=2, **sampled)
        assert len(server.requests) == 4 + 8
        assert "endpoint does not promise the same sample for the same seed" in more.log
        again = evaluate(tmp_path / "store", address, write_domain(tmp_path, "new", **REPAIRED), samples=2, **sampled)
        assert again.summary["generated"] == NOTHING
        assert len(server.requests) == 12
