"""`xdomain diagnose` on finished stages of a real store."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import xdomain
from tests.support.in_process import xdomain_here
from tests.support.small_grid import write_experiment
from xdomain.api.session import Session
from xdomain.core.parquet import read_rows, write_records
from xdomain.core.records import Verdict
from xdomain.store.artifact import MANIFEST, digests

TEXT = """
name: small
model: {preset: tiny_qwen3, warmup: {steps: 80, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
curricula: ["logic -> puzzle"]
training:
  {steps: 6, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-3, max_completion_tokens: 8}
evaluation: {items: 48, samples: 2, temperature: 1.0}
execution: {executor: inline, device: cpu}
"""
FIRST, SECOND = "logic, seed 0", "logic -> puzzle, seed 0"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A finished grid of two phases with full weights."""
    folder = tmp_path_factory.mktemp("diagnose")
    opened = xdomain.open_experiment(write_experiment(folder, TEXT), store=folder / "store")
    opened.run()
    return opened


@pytest.fixture
def copied(session: Session, tmp_path: Path) -> Path:
    """A copy of the store that a test may break."""
    return Path(shutil.copytree(session.store.root, tmp_path / "store"))


def told(session: Session, *words: object, store: Path | None = None) -> Any:
    ended = xdomain_here("diagnose", *words, "--store", store or session.store.root, "--json")
    assert ended.code == 0, ended.stderr
    return json.loads(ended.stdout)


def refused(*words: object) -> str:
    ended = xdomain_here("diagnose", *words)
    ended.demand_told()
    return ended.stderr


def file_of(session: Session) -> Path:
    return session.store.root.parent / "small.yaml"


def test_edits_are_those_that_the_stages_recorded(session: Session) -> None:
    found = told(session, FIRST, SECOND)
    for edits, title in zip(found["edits"], (FIRST, SECOND), strict=True):
        (stage,) = session.store.find(title)
        assert edits["total"]["norm"] == pytest.approx(stage.done["summary"]["displacement"], rel=1e-5)
        assert edits["stage"] == f"{title} step 6"
        assert edits["format"] == "full"
        assert edits["total"]["changed"] > 0.9
    assert [edits["parent"] for edits in found["edits"]] == ["base", f"{FIRST} step 6"]
    assert len(found["pairs"]) == 1
    assert found["effects"] == []


def test_effects_on_domains(session: Session) -> None:
    found = told(session, SECOND, "--domains", file_of(session), "--completions", 16)
    assert [effect["domain"] for effect in found["effects"]] == ["logic", "puzzle"]
    grid = session.measure()
    accuracy = grid.records.groupby(["checkpoint", "domain"])["score"].mean()
    (stage,) = session.store.find(SECOND)
    for effect in found["effects"]:
        assert effect["accuracy_before"] == pytest.approx(accuracy[f"{stage.payload['parent']}@6", effect["domain"]])
        assert effect["accuracy_after"] == pytest.approx(accuracy[f"{stage.key}@6", effect["domain"]])
        assert 0 < effect["right_completions"] <= 16
        assert effect["divergence"]["per_completion"] > 0
        assert effect["divergence"]["temperature"] == 1.0
        attribution = effect["attribution"]
        assert attribution["complete"]
        assert attribution["total"] == pytest.approx(sum(each["score"] for each in attribution["modules"]))
        assert effect["line"]["change"] == pytest.approx(attribution["change"], abs=1e-5)
        assert sum(each["reset"] is not None for each in attribution["modules"]) == 11


def test_the_only_block_that_an_adapter_trains_is_named(session: Session, copied: Path, tmp_path: Path) -> None:
    """The base model and its answers are those of the other grid."""
    adapter = "lora: {r: 4, target_modules: [layers.1.mlp.up_proj, layers.1.mlp.down_proj], alpha: 64}"
    text = TEXT.replace("puzzle]}}", f"puzzle]}}, {adapter}}}").replace('["logic -> puzzle"]', "[logic]")
    opened = xdomain.open_experiment(write_experiment(tmp_path, text), store=copied)
    opened.run()
    (stage,) = opened.plan.train_stages
    found = told(session, stage.key, "--domains", "puzzle", store=copied)
    block = {"layer": 1, "part": "mlp"}
    assert [each["module"] for each in found["edits"][0]["modules"]] == [block]
    (effect,) = found["effects"]
    (only,) = effect["attribution"]["modules"]
    assert only["module"] == block
    assert effect["attribution"]["complete"]
    assert only["score"] == pytest.approx(effect["attribution"]["change"], abs=0.005, rel=0.05)
    assert only["reset"] == pytest.approx(-effect["attribution"]["change"], abs=1e-4)


def test_tables_are_printed(session: Session) -> None:
    ended = xdomain_here(
        "diagnose", FIRST.removesuffix(", seed 0"), SECOND, "--domains", file_of(session), "--store", session.store.root
    )
    assert ended.code == 0, ended.stderr
    printed = " ".join(ended.stdout.split())  # sentences are wrapped
    lines = ("edits: 1 of ", f"{SECOND} step 6: logic: 1 of ", f"{SECOND} step 6: puzzle: 1 of ")
    assert all(any(each.startswith(line) for each in ended.stderr.splitlines()) for line in lines), ended.stderr
    for part in (
        f"Edits of {FIRST} step 6, from base (full weights, float32)",
        f"Overlap of {FIRST} step 6 and {SECOND} step 6",
        f"puzzle after {SECOND} step 6: accuracy",
        "KL from the parent",
        "Attribution at 3 points: scores sum to",
        "(complete)",
        "rank correlation with the scores",
    ):
        assert part in printed


def test_the_library_returns_the_same(session: Session) -> None:
    found = xdomain.diagnose(SECOND, domains="logic", store=session.store)
    printed = told(session, SECOND, "--domains", "logic")
    assert json.loads(json.dumps(found.document())) == printed


def test_a_probe_of_a_stage_and_of_the_base_model(session: Session) -> None:
    ended = xdomain_here("probe", "base*", "--domains", file_of(session), "--store", session.store.root, "--json")
    assert ended.code == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert [each["domain"] for each in found["gradients"]] == ["logic", "puzzle"]
    assert all(0 <= each["reliability"] <= 1 and each["norm"] > 0 for each in found["gradients"])
    assert [(each["first"], each["second"]) for each in found["cosines"]] == [("logic", "puzzle")]
    assert (
        json.loads(json.dumps(xdomain.probe("base*", domains=file_of(session), store=session.store).document()))
        == found
    )
    ended = xdomain_here("probe", FIRST, "--domains", "logic", "--store", session.store.root)
    assert f"Gradients at {FIRST} step 6" in ended.stdout
    message = xdomain_here("probe", "*", "--domains", "logic", "--store", session.store.root)
    message.demand_told()
    assert "should name one checkpoint" in message.stderr


def test_stages_do_not_change_and_the_report_shows_the_diagnosis(session: Session, copied: Path) -> None:
    before = digests(copied / "stages")
    found = told(session, FIRST, SECOND, "--domains", file_of(session), store=copied)
    assert digests(copied / "stages") == before
    opened = xdomain.open_experiment(file_of(session), store=copied)
    kept = opened.analyse().diagnoses
    assert [each.run for each in kept.stages] == ["logic", "logic -> puzzle"]
    assert json.loads(json.dumps([asdict(each.edits) for each in kept.stages])) == found["edits"]
    assert json.loads(json.dumps([asdict(each) for stage in kept.stages for each in stage.effects])) == found["effects"]
    assert json.loads(json.dumps([asdict(each) for each in kept.overlaps])) == found["pairs"]
    page = opened.report(formats=["html"])["html"].read_text()
    assert "puzzle after logic -&gt; puzzle" in page
    assert "Modules that carry the change" in page


def test_wrong_names_are_refused(session: Session) -> None:
    store = session.store.root
    assert 'Did you mean "logic -> puzzle, seed 0"?' in refused("logic -> puzle, seed 0", "--store", store)
    assert "is a base model: it was not trained from a parent" in refused("base*", "--store", store)
    assert "has no checkpoint at step 3" in refused(f"{FIRST}@3", "--store", store)
    assert "has no stored completions on math" in refused(FIRST, "--domains", "math", "--store", store)
    assert 'unknown domain "logik"' in refused(FIRST, "--domains", "logik", "--store", store)


def test_a_missing_parent_is_refused(session: Session, copied: Path) -> None:
    (parent,) = session.store.find(FIRST)
    shutil.rmtree(copied / "stages" / parent.path.name)
    message = refused(SECOND, "--store", copied)
    assert f'the parent of "{SECOND}" (stage {parent.key[:16]}) is not in this store' in message


def test_a_checkpoint_that_was_freed_is_refused(session: Session, copied: Path) -> None:
    (parent,) = session.store.find(FIRST)
    shutil.rmtree(copied / "stages" / parent.path.name / "checkpoints")
    manifest = copied / "stages" / parent.path.name / MANIFEST
    kept = {name: each for name, each in json.loads(manifest.read_text()).items() if "checkpoints/" not in name}
    manifest.write_text(json.dumps(kept))
    assert "no longer exists: `grid gc` removed it" in refused(SECOND, "--store", copied)


def test_a_domain_without_right_completions_is_refused(session: Session, copied: Path) -> None:
    (parent,) = session.store.find(FIRST)
    (evaluated,) = (stage for stage in session.store.find(f"{FIRST} step 6 on puzzle"))
    folder = copied / "stages" / evaluated.path.name
    wrong = [
        type(row)(**(vars(row) | {"outcome": Verdict.wrong().outcome, "score": 0.0}))
        for row in read_rows(folder / "records.parquet")
    ]
    write_records(folder / "records.parquet", wrong)
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | digests(folder)))
    message = refused(SECOND, "--domains", "puzzle", "--store", copied)
    assert f"no completion of {FIRST} step 6 on puzzle is right" in message
    assert "Leave the domain out" in message
    assert parent.key[:16] not in message
