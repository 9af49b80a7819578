"""Edits of a domain after its store is finished, seen through the command line: what is made again, what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.support.small_grid import plan, xdomain
from xdomain.api.session import open_experiment
from xdomain.domains.trained import read_schedule
from xdomain.plan.stage import CheckpointRef
from xdomain.store.lineage import Lineage
from xdomain.store.store import Store

ROWS = 60
STEPS, PROMPTS = 2, 4
WARMUP = {"steps": 2, "examples_per_step": 4, "domains": ["sums", "words"]}
QUICK = ("--items", "60", "--max-tokens", "2")


def write_domain(folder: Path, name: str, file: str, **settings: object) -> Path:
    described = {
        "name": name,
        "source": {"kind": "jsonl", "path": str(folder / file)},
        "fields": {"question": "q", "gold": "a"},
        "verifier": "text",
    }
    path = folder / f"{name}.yaml" if not settings else folder / "edited" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(described | settings))
    return path


def write_experiment(folder: Path, *, name: str, **changes: object) -> Path:
    described = {
        "name": name,
        "model": {"preset": "tiny_qwen3"},
        "domains": [{"file": "sums.yaml"}, {"file": "words.yaml"}],
        "grid": {"singles": True},
        "training": {
            "steps": STEPS,
            "prompts_per_step": PROMPTS,
            "generations": 2,
            "max_completion_tokens": 2,
            "telemetry_every": None,
        },
        "checkpoints": {"every_steps": 1},
        "evaluation": {"items": 60, "max_completion_tokens": 2},
        "execution": {"executor": "inline", "device": "cpu"},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(described | changes))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two domains, and a finished store of a grid on them."""
    folder = tmp_path_factory.mktemp("overlap")
    sums = [{"q": f"{n} plus {n}?", "a": str(2 * n)} for n in range(ROWS)]
    words = [{"q": f"letter {n} of abc?", "a": "abc"[n % 3]} for n in range(ROWS)]
    for name, rows in (("sums", sums), ("words", words)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        write_domain(folder, name, f"{name}.jsonl")
    warm = write_experiment(
        folder, name="warm", model={"preset": "tiny_qwen3", "warmup": WARMUP}, curricula=["sums -> words"], grid={}
    )
    xdomain("grid", "run", warm, "--store", folder / "store")
    return folder


def published(store: Path) -> set[str]:
    return {path.parent.name for path in (store / "stages").glob("*/done.json")}


def refused(*arguments: str | Path, store: Path) -> str:
    """Run a command that is to be refused for an overlap and leave the store as it was."""
    before = published(store)
    ended = xdomain(*arguments, "--store", store, code=2)
    assert published(store) == before
    assert "Traceback" not in ended.stderr
    return " ".join(ended.stderr.split())


def test_a_schedule_names_what_every_checkpoint_saw(folder: Path) -> None:
    store = Store(folder / "store")
    [stage] = store.find("sums -> words, seed 0")
    parent = stage.payload["parent"]
    lineage = Lineage(store)
    own = read_schedule(store.folder(stage) / "schedule.jsonl")
    assert [domain for domain, _ in own] == ["words"] * STEPS * PROMPTS
    assert all(re.fullmatch("[0-9a-f]{16}", key) for _, keys in own for key in keys)

    base = {name: set(keys) for name, keys in lineage.trained_on(CheckpointRef(stage.needs[-1], 0)).items()}
    assert set(base) == {"sums", "words"}
    first = lineage.trained_on(CheckpointRef(stage.key, 1))
    assert first["words"] == base["words"] | {key for _, keys in own[:PROMPTS] for key in keys}
    end = lineage.trained_on(CheckpointRef(stage.key, STEPS))
    assert end["words"] == base["words"] | {key for _, keys in own for key in keys}
    assert end["sums"] == first["sums"] == lineage.trained_on(CheckpointRef(parent, STEPS))["sums"]
    assert lineage.trained_on(CheckpointRef(parent, STEPS))["words"] == base["words"]


@pytest.mark.parametrize("checkpoint", ["base tiny_qwen3", "sums, seed 0", "sums, seed 0@1", "sums -> words, seed 0"])
def test_eval_refuses_items_that_the_lineage_was_trained_on(folder: Path, checkpoint: str) -> None:
    """The base was warmed up on them, a stage trained on them, a later stage inherits them."""
    edited = write_domain(folder, "sums", "sums.jsonl", split={"dev": 0.0, "test": 0.9})
    text = refused("eval", checkpoint, "--domains", edited, *QUICK, store=folder / "store")
    found = re.search(r'(\d+) of (\d+) evaluated items of "sums" are prompts that "(.+?)" was trained on', text)
    assert found, text
    assert 0 < int(found[1]) < int(found[2])
    assert found[3].startswith("base" if checkpoint.startswith("base") else checkpoint.removesuffix("@1"))
    assert "--allow-overlap" in text


@pytest.mark.slow
def test_eval_measures_an_overlap_where_it_is_allowed(folder: Path) -> None:
    split = {"dev": 0.0, "test": 0.9}
    edited = write_domain(folder, "sums", "sums.jsonl", split=split)
    command = ("eval", "sums, seed 0", "--domains", edited, *QUICK)
    by_option = xdomain(*command, "--allow-overlap", "--store", folder / "store", "--json")
    assert 'evaluated items of "sums" are prompts that "sums, seed 0 step 2" was trained on' in by_option.stderr
    [overlap] = json.loads(by_option.stdout)["trained_on"]
    assert 0 < overlap["shared"] < overlap["items"] == json.loads(by_option.stdout)["meta"]["items"]["sums"]
    refused(*command, store=folder / "store")  # what is published is refused, too
    write_domain(folder, "sums", "sums.jsonl", split=split, allow_overlap=["sums"])
    xdomain(*command, "--store", folder / "store")


@pytest.mark.slow
def test_a_template_edit_leaves_the_split_and_the_old_checkpoints_as_they_are(folder: Path) -> None:
    """Splits follow the question, so another wording of the prompt moves no item from train to test."""
    store = folder / "store"
    edited = write_domain(folder, "sums", "sums.jsonl", template="Please tell me: {{ question }}", system="Be short.")

    def questions(file: Path, split: str) -> list[str]:
        shown = json.loads(xdomain("domains", "sample", file, "-n", str(ROWS), "--split", split, "--json").stdout)
        return [item["prompt"].removeprefix("Please tell me: ") for item in shown]

    for split in ("train", "dev", "test"):
        assert questions(edited, split) == questions(folder / "sums.yaml", split)
    for checkpoint in ("base tiny_qwen3", "sums, seed 0", "sums -> words, seed 0"):
        xdomain("eval", checkpoint, "--domains", edited, *QUICK, "--store", store)


def test_a_repaired_verifier_makes_training_again_and_leaves_the_base(folder: Path) -> None:
    store = folder / "store"
    write_domain(folder, "sums", "sums.jsonl", verifier={"kind": "text", "normalise": True})
    repaired = write_experiment(
        folder,
        name="repaired",
        model={"preset": "tiny_qwen3", "warmup": WARMUP},
        domains=[{"file": "edited/sums.yaml"}, {"file": "words.yaml"}],
        curricula=["sums -> words", "words"],
        grid={},
    )
    earlier = {stage["title"]: stage for stage in plan(folder / "warm.yaml", store)["stages"]}
    found = {stage["title"] for stage in plan(repaired, store)["stages"] if stage["done"]}
    assert found == {"base tiny_qwen3", "base on words"}

    def explained(title: str, before: str) -> str:
        return xdomain("grid", "plan", repaired, "--store", store, "--explain", title, before).stdout

    shown = explained("sums, seed 0", earlier["sums, seed 0"]["folder"])
    assert shown.startswith("The verifier of sums changed.\n")
    assert earlier["sums, seed 0"]["key"][:8] in shown
    shown = explained("base on sums", earlier["base on sums"]["key"][:12])
    assert "The verifier of sums changed.\nOnly the judging differs: both have the same completions.\n" in shown


def test_grid_run_refuses_to_evaluate_a_finished_checkpoint_on_what_it_was_trained_on(folder: Path) -> None:
    """Rows of words come into the file of sums: the stage on words stands, its evaluation on sums would be new."""
    store = folder / "plain"
    experiment = write_experiment(folder, name="plain")
    xdomain("grid", "run", experiment, "--store", store)
    moved = folder / "moved.jsonl"
    moved.write_text((folder / "words.jsonl").read_text())
    write_domain(folder, "sums", "moved.jsonl", split={"dev": 0.0, "test": 0.9})
    entries = [{"file": "edited/sums.yaml"}, {"file": "words.yaml"}]
    edited = write_experiment(folder, name="plain", domains=entries)
    text = refused("grid", "run", edited, "--store", store, store=store)
    assert re.search(r'of \d+ evaluated items of "sums" are prompts that "words, seed 0 step \d" was trained on', text)
    assert 'as train items of "words"' in text
    assert "allow_overlap" in text


def test_grid_run_makes_a_lost_parent_again(folder: Path, tmp_path: Path) -> None:
    """A stage below a finished one is lost or damaged: what it was trained on is in the plan."""
    store = tmp_path / "store"
    shutil.copytree(folder / "store", store)
    whole = published(store)
    [child] = Store(store).find("sums -> words, seed 0")
    lost = [name for name in whole if name.endswith(child.payload["parent"][:16])]
    planned = {stage.folder for stage in open_experiment(folder / "warm.yaml", store=store).plan.evaluations}
    lost += [name for name in planned if name.startswith("evaluate-sums-to-words-") and "-on-sums" in name]
    assert len(lost) == 1 + STEPS
    for name in lost:
        shutil.rmtree(store / "stages" / name)
    xdomain("grid", "run", folder / "warm.yaml", "--store", store)
    assert published(store) == whole
