"""Model folders that others wrote, each with one hostile file."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.hostile.templates import ENDLESS
from xdomain.models.tiny import tiny_qwen3

Damage = Callable[[Path], object]
INDEX = "model.safetensors.index.json"
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def save_tiny(folder: Path) -> Path:
    """Save a whole tiny model that has a chat template."""
    model, tokenizer = tiny_qwen3(seed=3)
    tokenizer.chat_template = TEMPLATE
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def json_file(name: str, value: Any) -> Damage:
    return write(name, json.dumps(value).encode())


def changed(name: str, **values: Any) -> Damage:
    """Replace values of a JSON file; one that is not there counts as empty."""

    def damage(folder: Path) -> None:
        path = folder / name
        known = json.loads(path.read_bytes()) if path.exists() else {}
        path.write_text(json.dumps(known | values))

    return damage


def linked(name: str, target: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return damage


def piped(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return damage


def folder_of(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def template(text: str) -> Damage:
    return write("chat_template.jinja", text.encode())


def template_in_settings(value: Any) -> Damage:
    def damage(folder: Path) -> None:
        (folder / "chat_template.jinja").unlink()
        changed("tokenizer_config.json", chat_template=value)(folder)

    return damage


class Evil:
    """A pickle that writes a file where it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pickle-was-run",)


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))


def pickled_under_another_name(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps(Evil()))


def sharded(target: str) -> Damage:
    """Weights in a file that the index names by a path."""

    def damage(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        index = {"metadata": {"total_size": 1}, "weight_map": {"model.embed_tokens.weight": target}}
        (folder / INDEX).write_text(json.dumps(index))

    return damage


def header(size: int) -> bytes:
    return size.to_bytes(8, "little")


PLANNED: dict[str, Damage] = {
    "no config": lambda folder: (folder / "config.json").unlink(),
    "config empty": write("config.json", b""),
    "config null": write("config.json", b"null"),
    "config list": write("config.json", b"[]"),
    "config text": write("config.json", b'"x"'),
    "config binary": write("config.json", bytes(range(256))),
    "config deep": write("config.json", b"[" * 200_000),
    "config deep object": write("config.json", b'{"a":' * 200_000),
    "config pipe": piped("config.json"),
    "config device": linked("config.json", "/dev/zero"),
    "config loop": linked("config.json", "config.json"),
    "type number": changed("config.json", model_type=7),
    "type list": changed("config.json", model_type=[]),
    "type path": changed("config.json", model_type="../../x"),
    "type unknown": changed("config.json", model_type="nothing"),
    "sizes text": changed("config.json", hidden_size="many", num_hidden_layers="2"),
    "sizes zero": changed("config.json", hidden_size=0, num_hidden_layers=0, num_attention_heads=0),
    "sizes negative": changed("config.json", hidden_size=-64, vocab_size=-1),
    "sizes huge": changed("config.json", hidden_size=10**30, num_hidden_layers=10**30),
    "sizes infinite": changed("config.json", hidden_size=float("inf"), vocab_size=float("nan")),
    "sizes null": changed("config.json", hidden_size=None, vocab_size=None, intermediate_size=None),
    "sizes lists": changed("config.json", hidden_size=[64], vocab_size={}),
    "context text": changed("config.json", max_position_embeddings="long"),
    "text config list": changed("config.json", text_config=[1]),
    "text config deep": changed("config.json", text_config={"text_config": {"text_config": 1}}),
    "weights pipe": piped("model.safetensors"),
    "weights device": linked("model.safetensors", "/dev/zero"),
    "weights loop": linked("model.safetensors", "model.safetensors"),
    "weights folder": folder_of("model.safetensors"),
    "template device": linked("chat_template.jinja", "/dev/zero"),
    "template pipe": piped("chat_template.jinja"),
    "other json pipe": piped("extra.json"),
}
"""What planning reads: the configuration, and a digest of every file."""

SHARDS: dict[str, Damage] = {
    "index outside": sharded("../../../etc/passwd"),
    "index absolute": sharded("/etc/passwd"),
    "index device": sharded("/dev/zero"),
    "index address": sharded("http://127.0.0.1:9/x.safetensors"),
    "index list": write(INDEX, b"[]"),
    "index deep": write(INDEX, b"[" * 90_000),
    "index number": json_file(INDEX, {"weight_map": {"a": 1}}),
}  # fmt: skip
"""Weights in several files, which an index names; planning demands that they lie beside it."""

LOADED: dict[str, Damage] = {
    "layers many": changed("config.json", num_hidden_layers=10**6),
    "layers too many": changed("config.json", num_hidden_layers=10**12),
    "vocabulary huge": changed("config.json", vocab_size=10**12),
    "hidden huge": changed("config.json", hidden_size=10**9),
    "architectures text": changed("config.json", architectures="Qwen3ForCausalLM"),
    "architectures numbers": changed("config.json", architectures=[1, None]),
    "own code": changed("config.json", auto_map={"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}),
    "own code elsewhere": changed("config.json", auto_map={"AutoConfig": "other/repo--evil.Config"}),
    "own code list": changed("config.json", auto_map=[1]),
    "dtype unknown": changed("config.json", dtype="float1"),
    "dtype module": changed("config.json", dtype="os.system"),
    "quantised unknown": changed("config.json", quantization_config={"quant_method": "nothing"}),
    "quantised text": changed("config.json", quantization_config="4bit"),
    "rope text": changed("config.json", rope_parameters="x", rope_scaling="x"),
    "rope zero": changed("config.json", rope_parameters={"rope_type": "linear", "factor": 0.0, "rope_theta": 0.0}),
    "activation unknown": changed("config.json", hidden_act="os.system"),
    "generation list": write("generation_config.json", b"[]"),
    "generation deep": write("generation_config.json", b"[" * 200_000),
    "generation binary": write("generation_config.json", bytes(range(256))),
    "generation pipe": piped("generation_config.json"),
    "end token text": json_file("generation_config.json", {"eos_token_id": "x"}),
    "end token huge": json_file("generation_config.json", {"eos_token_id": 10**30}),
    "end token object": json_file("generation_config.json", {"eos_token_id": [{}]}),
    "end token true": json_file("generation_config.json", {"eos_token_id": [[1]]}),
    "generation odd": json_file("generation_config.json", {"max_length": "x", "temperature": [], "do_sample": "yes"}),
    "pickle": pickled,
    "pickle as safetensors": pickled_under_another_name,
    "weights empty": write("model.safetensors", b""),
    "weights header huge": write("model.safetensors", header(2**63)),
    "weights header long": write("model.safetensors", header(2**40) + b"{}"),
    "weights header deep": write("model.safetensors", header(90_000) + b"[" * 90_000),
    "weights header text": write("model.safetensors", header(2) + b"17"),
    "tokenizer empty": write("tokenizer.json", b""),
    "tokenizer list": write("tokenizer.json", b"[]"),
    "tokenizer deep": write("tokenizer.json", b"[" * 200_000),
    "tokenizer binary": write("tokenizer.json", bytes(range(256))),
    "tokenizer settings list": write("tokenizer_config.json", b"[]"),
    "tokenizer settings deep": write("tokenizer_config.json", b"[" * 200_000),
    "tokenizer class": changed("tokenizer_config.json", tokenizer_class="os.system"),
    "tokenizer class number": changed("tokenizer_config.json", tokenizer_class=7),
    "tokenizer code": changed("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]}),
    "end token object in settings": changed("tokenizer_config.json", eos_token={"content": 7}),
    "end token number in settings": changed("tokenizer_config.json", eos_token=[1]),
    "length text": changed("tokenizer_config.json", model_max_length="x"),
    "template number": template_in_settings(7),
    "template list": template_in_settings([{"name": "other", "template": "x"}]),
    "template list of texts": template_in_settings(["x"]),
    "template binary": write("chat_template.jinja", bytes(range(256))),
    "template large": template("x" * 10**7),
    "template endless": template(ENDLESS),
    "template memory": template("{{ 'a' * 10**10 }}"),
    "template range": template("{% for i in range(10**9) %}x{% endfor %}"),
    "template of itself": template("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}"),
    "template attributes": template("{{ messages.__class__.__mro__[1].__subclasses__() }}"),
    "template import": template("{% import 'os' as os %}"),
    "template syntax": template("{% for %}"),
    "template nested": template("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"),
    "template empty": template(""),
}  # fmt: skip
"""What evaluation and training load."""


def damaged_copy(whole: Path, folder: Path, damage: Damage) -> Path:
    """A copy of a model folder with this damage."""
    shutil.copytree(whole, folder)
    damage(folder)
    return folder
