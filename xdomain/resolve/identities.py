"""Look up the identities of an experiment's model and domains for `plan`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.config.adopted import AdoptedCheckpoint
from xdomain.config.experiment import Experiment
from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.core.files import read_json
from xdomain.core.fingerprint import file_digest
from xdomain.core.locate import gguf_path
from xdomain.core.reading import why_unreadable
from xdomain.domains.build import build_domains
from xdomain.plan.graph import Setup
from xdomain.plan.identity import Identities

MODEL_FILES = ("*.safetensors", "*.json", "*.model", "*.jinja", "*.txt")
"""Files of a model folder that change numbers: weights, configuration, tokenizer, chat template."""
WEIGHT_FILES = ("*.safetensors",)
LARGEST_JSON = 2**26
"""Bytes of `config.json` and of an index of weights."""
INDEX = "model.safetensors.index.json"
COPY = "Copy the model's files again."
CODE_FILES = ("*.py",)
"""Additional files that change numbers if the model's own code is run (`trust_remote_code`)."""


def resolve_identities(setup: Setup) -> Identities:
    """Read the parts of the model source and of each domain that identities need.

    Raises:
        ConfigError: The model source does not exist.
        DataError: A domain's data is missing or malformed.
    """
    warmup = setup.model.warmup.domains if setup.model is not None and setup.model.warmup else ()
    domains = build_domains(setup.domains, dict.fromkeys([*setup.domain_names, *warmup]))
    return Identities(
        model={} if setup.model is None else model_identity(setup.model),
        items={name: domain.item_identity() for name, domain in domains.items()},
        verifiers={name: domain.verifier_identity() for name, domain in domains.items()},
        rewards={name: domain.reward_identity() for name, domain in domains.items()},
        solutions={name: domain.solution_identity() for name, domain in domains.items()},
        stops={name: domain.stop for name, domain in domains.items()},
        adopted=_adopted_identities(setup) if isinstance(setup, Experiment) else {},
    )


def _adopted_identities(experiment: Experiment) -> dict[AdoptedCheckpoint, Mapping[str, Any]]:
    """Return the digests of declared checkpoints' weights; other files are taken from the base model."""
    return {
        each: model_identity(each.source(experiment.model), WEIGHT_FILES)
        for run in experiment.adopted
        for each in run.checkpoints
    }


def model_identity(config: ModelConfig, patterns: tuple[str, ...] = MODEL_FILES) -> Mapping[str, Any]:
    """Return the digest of a local source, or the id and revision of a hub model.

    Args:
        config: Source of the model.
        patterns: Files of a folder that count.

    Raises:
        ConfigError: The file or folder does not exist or cannot be read.
    """
    if config.adapter is not None:
        below = model_identity(config.model_copy(update={"adapter": None}), patterns)
        folder = Path(config.adapter).expanduser()
        return {**below, "adapter": _digests(folder)}
    if config.endpoint is not None:
        return {"endpoint": config.endpoint.model_dump(mode="json", include={"base_url", "model", "protocol"})}
    kind, value = config.source
    if kind == "preset":
        return {"preset": value}
    if kind == "hub":
        code = {"trust_remote_code": True} if config.trust_remote_code else {}
        return {"hub": value, "revision": config.revision or "main", **code}
    if kind == "gguf":
        return {"gguf": _digest(gguf_path(value))}
    folder = Path(value).expanduser()
    if not (folder / "config.json").is_file():
        raise ConfigError(
            f'"{value}" is not a model folder: it has no config.json.',
            where="model.path",
            fix="Give a folder in transformers format, or use `hub` for a model id.",
        )
    _object_in(folder / "config.json")
    _require_own_shards(folder / INDEX)
    return {"files": _digests(folder, (*patterns, *CODE_FILES) if config.trust_remote_code else patterns)}


def _digests(folder: Path, patterns: tuple[str, ...] = MODEL_FILES) -> dict[str, str]:
    files = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return {path.name: _digest(path) for path in files}


def _digest(path: Path) -> str:
    """
    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        return file_digest(path)
    except OSError as error:
        raise ConfigError(f"cannot be read: {why_unreadable(error)}.", where=str(path), fix=COPY) from error


def _require_own_shards(index: Path) -> None:
    """Refuse an index of weights that names files elsewhere: transformers would read them, and no digest hold them.

    Raises:
        ConfigError: It cannot be read, or names files outside its folder.
    """
    if not index.is_file():
        return
    shards = _object_in(index).get("weight_map")
    if not isinstance(shards, dict):
        raise ConfigError('has no object "weight_map".', where=str(index), fix=COPY)
    for shard in shards.values():
        if not isinstance(shard, str) or Path(shard).name != shard:
            raise ConfigError(f"names weights outside its folder: {str(shard)[:80]!r}.", where=str(index), fix=COPY)


def _object_in(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file of a model.

    Raises:
        ConfigError: The file cannot be read or holds no object.
    """
    try:
        found = read_json(path, LARGEST_JSON)
    except (OSError, ValueError) as error:
        raise ConfigError(f"is not JSON: {error}.", where=str(path), fix=COPY) from error
    if not isinstance(found, dict):
        raise ConfigError("holds no object.", where=str(path), fix=COPY)
    return found
