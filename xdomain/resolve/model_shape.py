"""Find the shape of an experiment's model offline: in the store, next to the weights, or in a built-in table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from xdomain.config.model import ModelConfig
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import ConfigError
from xdomain.core.files import read_json
from xdomain.core.locate import gguf_path
from xdomain.core.registry import did_you_mean
from xdomain.plan.model_shape import ModelShape, shape_of
from xdomain.plan.stage import BaseStage
from xdomain.store.store import Store

TABLE = "model_shapes.json"
"""Configurations of the models named in shipped experiments and documentation, copied from their `config.json`."""
CONFIG = "config.json"
LONGEST_KIND = 40
LONGEST_REASON = 200
"""Characters of a model's type, and of a library's reason, in a message."""


@dataclass(frozen=True)
class FoundShape:
    """A model's shape and its source.

    Attributes:
        shape: Sizes; None if they are not known.
        where: Source of the sizes, or the reason why they are not known, in words.
    """

    shape: ModelShape | None
    where: str


def find_shape(model: ModelConfig, base: BaseStage, store: Store) -> FoundShape:
    """Return the shape of an experiment's model: from its published base stage, else from its source.

    Args:
        model: Model of the experiment.
        base: Base stage of the plan.
        store: Store that may hold the base stage.
    """
    published = checkpoint_folder(store.folder(base), 0) / CONFIG
    if published.is_file():
        return _read(published, "the base in the store")
    kind, value = model.source
    if kind == "hub":
        cached = _cached_config(value, model.revision)
        return _from_table(value) if cached is None else _read(cached, "config.json in the hub's cache")
    if kind == "preset":
        return _from_table(f"preset:{value}")
    finders = {"path": _of_folder, "gguf": _of_gguf}
    return finders[kind](value) if kind in finders else FoundShape(None, "a server holds the model")


def _of_folder(value: str) -> FoundShape:
    path = Path(value).expanduser() / CONFIG
    return _read(path, str(path)) if path.is_file() else FoundShape(None, f"{path} does not exist")


def _read(path: Path, where: str) -> FoundShape:
    try:
        config = read_json(path)
    except (OSError, ValueError) as error:
        return FoundShape(None, f"{where} cannot be read: {error}")
    return _described(config, where) if isinstance(config, dict) else FoundShape(None, f"{where} holds no object")


def _described(config: Mapping[str, Any], where: str) -> FoundShape:
    shape = shape_of(config)
    if shape is None:
        kind = str(config.get("model_type"))[:LONGEST_KIND]
        return FoundShape(None, f"{where} describes a {kind} model, whose layers are not counted")
    return FoundShape(shape, where)


def _from_table(name: str) -> FoundShape:
    table = json.loads((files(__package__) / TABLE).read_text(encoding="utf-8"))
    if name in table:
        return _described(table[name], "the table of known models")
    near = did_you_mean(name, [each for each in table if "/" in each]).rstrip("?")
    where = f'"{name}" is neither in the hub\'s cache nor in the table of known models'
    return FoundShape(None, f"{where}.{near}?" if near else where)


def _cached_config(name: str, revision: str | None) -> Path | None:
    """Return the path of a hub model's cached `config.json`; None if there is none."""
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(name, CONFIG, revision=revision)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None


def _of_gguf(value: str) -> FoundShape:
    """Return the shape from a GGUF file's header, translated to the names of `config.json`."""
    try:
        from gguf import GGUFReader
    except ImportError:
        return FoundShape(None, "reading a GGUF file needs the package gguf")
    try:
        return _described(_gguf_config(GGUFReader(gguf_path(value))), "the GGUF file's header")
    except (ConfigError, OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        return FoundShape(None, f'"{value}" cannot be read: {str(error)[:LONGEST_REASON]}')


def _gguf_config(reader: Any) -> dict[str, Any]:
    family = reader.fields["general.architecture"].contents()
    names = {
        "hidden_size": "embedding_length",
        "intermediate_size": "feed_forward_length",
        "num_hidden_layers": "block_count",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "head_dim": "attention.key_length",
        "max_position_embeddings": "context_length",
    }
    given = {name: reader.fields.get(f"{family}.{key}") for name, key in names.items()}
    config = {name: found.contents() for name, found in given.items() if found is not None}
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    embedding = tensors.get("token_embd.weight")
    if embedding is not None:
        config["vocab_size"] = int(embedding.shape[-1])
    return config | {"model_type": family, "tie_word_embeddings": "output.weight" not in tensors}
