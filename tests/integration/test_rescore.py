"""A verifier with a planted bug, used in training too, is repaired; then what is stored is judged again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.support.domains_from_rows import write_jsonl
from tests.support.small_grid import xdomain
from xdomain.core.files import write_json
from xdomain.core.parquet import read_records, read_rows, write_records
from xdomain.core.records import Outcome
from xdomain.store.artifact import MANIFEST, digests

ITEMS = 30
PLANTED = {"kind": "number", "absolute_tolerance": 100}
"""Any digit passes."""
REPAIRED = {"kind": "number", "absolute_tolerance": 2}


def write_experiment(folder: Path, *, verifier: dict[str, Any], name: str = "first", **changes: Any) -> Path:
    for domain, word in (("sums", "plus"), ("products", "times")):
        data = [{"q": f"What is {n} {word} {n % 7}?", "a": "5"} for n in range(80)]
        rows = write_jsonl(folder / f"{domain}.jsonl", data)
        described = {
            "name": domain,
            "source": {"kind": "jsonl", "path": rows},
            "split": {"test": 0.5},
            "fields": {"question": "q", "gold": "a"},
            "verifier": verifier if domain == "sums" else PLANTED,
            "stop": [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
        }
        (folder / f"{domain}.yaml").write_text(yaml.safe_dump(described | changes.pop(domain, {})))
    experiment = {
        "name": "rescored",
        "model": {"preset": "tiny_qwen3"},
        "domains": [{"file": "sums.yaml"}, {"file": "products.yaml"}],
        "grid": {"singles": True, "ordered_pairs": True},
        "training": {"steps": 2, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 6},
        "evaluation": {"items": ITEMS, "samples": 2, "temperature": 1.0},
        "execution": {"executor": "inline", "device": "cpu"},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(experiment | changes))
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the experiment ran with the planted bug."""
    folder = tmp_path_factory.mktemp("planted")
    xdomain("grid", "run", write_experiment(folder, verifier=PLANTED), "--store", folder / "store")
    return folder


@pytest.fixture
def store(ran: Path, tmp_path: Path) -> Path:
    return shutil.copytree(ran / "store", tmp_path / "store")


def test_a_repaired_verifier(store: Path, tmp_path: Path) -> None:
    trained = sorted(path.name for path in store.glob("stages/train-*"))
    repaired = write_experiment(tmp_path, verifier=REPAIRED)
    found = json.loads(xdomain("rescore", repaired, "--store", store, "--json").stdout)
    assert found["generated_tokens"] == 0
    assert sorted(path.name for path in store.glob("stages/train-*")) == trained, "nothing is trained"
    assert len(found["evaluations"]) == 2 * (1 + 2 + 2), "base, singles and pairs on both domains"
    assert not found["absent"]
    changed = {(each["domain"], each["before"], each["after"]) for each in found["verdicts"]}
    assert ("sums", "right", "wrong") in changed
    assert all(before == after for domain, before, after in changed if domain == "products")
    assert {each["column"] for each in found["accuracies"]} == {"sums"}
    assert len(found["accuracies"]) == 5
    of_pair = next(each for each in found["evaluations"] if each["title"].startswith("sums -> products"))
    assert of_pair["trained_under"]["sums"] == ["number/2 (absolute_tolerance: 100.0)"]
    check_against_fresh_verdicts(store)
    again = json.loads(xdomain("rescore", repaired, "--store", store, "--json").stdout)
    assert again == found, "a second time nothing is left to do, and the tables are the same"
    shown = xdomain("rescore", repaired, "--store", store).stdout
    assert "0 tokens generated" in shown
    assert "trained under number/2 (absolute_tolerance: 100.0), judged before by" in shown


def check_against_fresh_verdicts(store: Path) -> None:
    """What the repaired verifier says, from the extracted answer: any number from 3 to 7."""
    rescored = [path for path in store.glob("stages/evaluate-*/stage.json") if "judged_by" in path.read_text()]
    assert len(rescored) == 5
    for path in rescored:
        description = json.loads(path.read_text())
        summary = description["done"]["summary"]
        assert summary["generated"] == {"items": 0, "completions": 0, "completion_tokens": 0}
        assert summary["judged_by"] == "number/2 (absolute_tolerance: 2.0)"
        frame = read_records([path.parent / "records.parquet"])
        (lender,) = summary["borrowed"]["completions"]
        (source,) = store.glob(f"stages/*-{lender[:16]}/records.parquet")
        before = read_records([source])
        untouched = ["item_id", "sample", "completion", "completion_tokens", "finish_reason", "seed", "prompt_hash"]
        pd.testing.assert_frame_equal(frame[untouched], before[untouched])
        numbers = frame[frame["outcome"].isin([Outcome.RIGHT, Outcome.WRONG]) & frame["answer"].notna()]
        plain = numbers[numbers["answer"].str.fullmatch(r"\d+")]
        assert len(plain)
        right = plain["answer"].astype(int).between(3, 7)
        assert (right == (plain["outcome"] == Outcome.RIGHT)).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sums": {"template": "{{ question }} Answer:"}}, "The items of sums changed."),
        ({"evaluation": {"items": ITEMS + 5, "samples": 2, "temperature": 1.0}}, "evaluated items' count changed"),
    ],
    ids=["prompt", "items"],
)
def test_what_would_need_generation_is_refused(
    changes: dict[str, Any], words: str, store: Path, tmp_path: Path
) -> None:
    before = sorted(path.name for path in store.glob("stages/*"))
    repaired = write_experiment(tmp_path, verifier=REPAIRED, **changes)
    refused = " ".join(xdomain("rescore", repaired, "--store", store, code=2).stderr.split())
    assert "would need generation" in refused
    assert words in refused
    assert sorted(path.name for path in store.glob("stages/*")) == before


def base_on_sums(store: Path) -> Path:
    (folder,) = store.glob("stages/evaluate-base-on-sums-*")
    return folder


def test_records_that_hold_other_prompts_are_refused(store: Path, tmp_path: Path) -> None:
    """The identity says that the prompt is the same, and the records say that it is not."""
    path = base_on_sums(store) / "records.parquet"
    first, *rest = read_rows(path)
    write_records(path, [dataclasses.replace(first, prompt_hash="0" * 64), *rest])
    write_json(path.parent / MANIFEST, digests(path.parent))
    failed = xdomain("rescore", write_experiment(tmp_path, verifier=REPAIRED), "--store", store, code=1).stderr
    words = f'no stored completions for their current prompt (the first is "{first.item_id}")'
    assert words in " ".join(failed.split())
    assert len(list(store.glob("stages/evaluate-base-on-sums-*"))) == 1


def test_damaged_records_are_named(store: Path, tmp_path: Path) -> None:
    path = base_on_sums(store) / "records.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    refused = xdomain("rescore", write_experiment(tmp_path, verifier=REPAIRED), "--store", store, code=2).stderr
    assert '"records.parquet" is damaged' in " ".join(refused.split())


@pytest.mark.slow
def test_freed_checkpoints_are_rescored_too(store: Path, tmp_path: Path) -> None:
    """Their completions are stored, and weights are not needed."""
    experiment = write_experiment(tmp_path, verifier=PLANTED, checkpoints={"keep": "none"})
    xdomain("grid", "gc", experiment, "--store", store, "--yes")
    assert not list(store.glob("stages/train-*/checkpoints/step-*"))
    repaired = write_experiment(tmp_path, verifier=REPAIRED)
    found = json.loads(xdomain("rescore", repaired, "--store", store, "--json").stdout)
    assert len(found["evaluations"]) == 10
    assert found["generated_tokens"] == 0


def test_an_empty_store_has_nothing_to_rescore(tmp_path: Path) -> None:
    experiment = write_experiment(tmp_path, verifier=REPAIRED)
    refused = xdomain("rescore", experiment, "--store", tmp_path / "none", code=2).stderr
    assert "no evaluation of experiment" in " ".join(refused.split())
