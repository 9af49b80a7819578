"""What a command leaves is foreign: malformed checkpoints are refused by name, sound ones become the stage's."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from xdomain.core.errors import StageError
from xdomain.models.checkpoint import load_plain, load_tokenizer, save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.command.checkpoints import Parent, take_checkpoints

STEPS = (2, 4)
TEXTS = ("1+1=", "sort cba")


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    folder = tmp_path_factory.mktemp("parent") / "checkpoints" / "step-000000"
    model, tokenizer = tiny_qwen3()
    save_full(model, tokenizer, folder, chat_template=False)
    return Parent(folder, load_tokenizer(folder), TEXTS)


@pytest.fixture
def output(parent: Parent, tmp_path: Path) -> Path:
    """Sound checkpoints of both steps."""
    for step in STEPS:
        folder = tmp_path / "engine" / "checkpoints" / f"step-{step:06d}"
        folder.mkdir(parents=True)
        shutil.copy(parent.folder / "config.json", folder)
        weights = load_file(parent.folder / "model.safetensors")
        save_file({name: tensor + step for name, tensor in weights.items()}, folder / "model.safetensors")
    return tmp_path / "engine" / "checkpoints"


def take(output: Path, parent: Parent) -> Path:
    work = output.parents[1] / "work"
    take_checkpoints(output, work, STEPS, parent)
    return work / "checkpoints"


def test_sound_checkpoints_become_the_stages(output: Path, parent: Parent) -> None:
    (output / "step-000004" / "notes.txt").write_text("kept out")
    found = take(output, parent)
    before = load_plain(parent.folder).state_dict()
    for step in STEPS:
        folder = found / f"step-{step:06d}"
        own = load_plain(folder).state_dict()
        assert all(torch.equal(own[name], before[name] + step) for name in before)
        assert {path.name for path in folder.iterdir()} == {path.name for path in parent.folder.iterdir()}
    assert take(output, parent) == found, "an attempt that was killed while it took them in does it again"


def test_shards_and_an_equal_tokenizer_are_taken(output: Path, parent: Parent) -> None:
    folder = output / "step-000004"
    weights = load_file(folder / "model.safetensors")
    names = sorted(weights)
    parts = {"model-00001-of-00002.safetensors": names[:5], "model-00002-of-00002.safetensors": names[5:]}
    for file, part in parts.items():
        save_file({name: weights[name] for name in part}, folder / file)
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    parent.tokenizer.save_pretrained(folder)
    loaded = load_plain(take(output, parent) / "step-000004").state_dict()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)


def rewrite(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors")

    return apply


def edit(name: str, **changes: object) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        data = json.loads((folder / name).read_text()) if (folder / name).exists() else {}
        (folder / name).write_text(json.dumps(data | changes))

    return apply


def truncate(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 100_000)


def link_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder.parent / "elsewhere")
    (folder / "model.safetensors").symlink_to(folder.parent / "elsewhere")


def link_folder(folder: Path) -> None:
    folder.rename(folder.parents[1] / "elsewhere")
    folder.symlink_to(folder.parents[1] / "elsewhere")


def write_pickle(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))


def wrong_tokenizer(folder: Path) -> None:
    tokenizer = tiny_qwen3()[1]
    tokenizer.add_tokens(["<extra>"])
    tokenizer.save_pretrained(folder)


def other_template(folder: Path) -> None:
    tokenizer = tiny_qwen3()[1]
    tokenizer.chat_template = "{{ messages[0].content }}"
    tokenizer.save_pretrained(folder)


def first(weights: dict[str, torch.Tensor]) -> str:
    return sorted(weights)[0]


MALFORMED: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing step": (shutil.rmtree, "not every checkpoint: step-000004 is missing"),
    "NaN weights": (
        rewrite(lambda weights: weights[first(weights)].view(-1)[:1].fill_(float("nan"))),
        r"step-000004/model.safetensors: the weight \S+ is not finite",
    ),
    "infinite weights": (
        rewrite(lambda weights: weights[first(weights)].view(-1)[-1:].fill_(float("-inf"))),
        "is not finite",
    ),
    "other architecture": (
        edit("config.json", model_type="gpt2", architectures=["GPT2LMHeadModel"]),
        "step-000004/config.json: describes gpt2",
    ),
    "other settings": (edit("config.json", rms_norm_eps=0.5), "has rms_norm_eps 0.5"),
    "no configuration": (lambda folder: (folder / "config.json").unlink(), "step-000004/config.json: is missing"),
    "other shape": (rewrite(lambda w: w.update({first(w): torch.zeros(3)})), r"has the shape \(3,\)"),
    "other dtype": (rewrite(lambda w: w.update({first(w): w[first(w)].bfloat16()})), "is BF16"),
    "missing weight": (rewrite(lambda weights: weights.pop(first(weights))), "lacks the weight"),
    "more weights": (rewrite(lambda weights: weights.update(x=torch.zeros(1))), "has the weight x"),
    "truncated shard": (truncate, "step-000004/model.safetensors: is truncated"),
    "missing shard": (
        edit("model.safetensors.index.json", weight_map={"x": "model-00001-of-00001.safetensors"}),
        "model-00001-of-00001.safetensors: is missing",
    ),
    "path outside": (
        edit("model.safetensors.index.json", weight_map={"x": "../step-000002/model.safetensors"}),
        "is no file of weights in the same folder",
    ),
    "absolute path": (edit("model.safetensors.index.json", weight_map={"x": "/etc/passwd"}), "is no file of weights"),
    "symbolic link": (link_weights, "step-000004/model.safetensors: is a symbolic link"),
    "linked folder": (link_folder, "step-000004: is a symbolic link"),
    "pickle": (write_pickle, "step-000004/pytorch_model.bin: is a pickle"),
    "pipe": (lambda folder: os.mkfifo(folder / "model-x"), "step-000004/model-x: is not a regular file"),
    "wrong tokenizer": (wrong_tokenizer, "step-000004: its tokenizer differs"),
    "other chat template": (other_template, "its chat template differs"),
    "broken tokenizer": (lambda folder: (folder / "tokenizer.json").write_text("{"), "tokenizer cannot be read"),
    "a file for a folder": (lambda folder: (shutil.rmtree(folder), folder.touch()), "step-000004: is not a folder"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_checkpoint_is_refused_by_name(name: str, output: Path, parent: Parent) -> None:
    spoil, words = MALFORMED[name]
    spoil(output / "step-000004")
    with pytest.raises(StageError, match=words):
        take(output, parent)
    assert not (output.parents[1] / "work").exists(), "nothing is taken unless all is sound"


def test_exit_0_without_output_is_refused(output: Path, parent: Parent) -> None:
    shutil.rmtree(output)
    with pytest.raises(StageError, match="left no checkpoint at all: step-000002, step-000004"):
        take(output, parent)
