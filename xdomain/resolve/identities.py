"""Look up the identities of an experiment's model and domains for `plan`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.core.fingerprint import file_digest
from xdomain.core.locate import gguf_path
from xdomain.domains.build import build_domains
from xdomain.plan.graph import Setup
from xdomain.plan.identity import Identities

MODEL_FILES = ("*.safetensors", "*.json", "*.model", "*.jinja", "*.txt")
"""Files of a model folder that change numbers: weights, configuration, tokenizer, chat template."""
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
    )


def model_identity(config: ModelConfig) -> Mapping[str, Any]:
    """Return the digest of a local source, or the id and revision of a hub model.

    Raises:
        ConfigError: The file or folder does not exist.
    """
    if config.adapter is not None:
        below = model_identity(config.model_copy(update={"adapter": None}))
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
        return {"gguf": file_digest(gguf_path(value))}
    folder = Path(value).expanduser()
    if not (folder / "config.json").is_file():
        raise ConfigError(
            f'"{value}" is not a model folder: it has no config.json.',
            where="model.path",
            fix="Give a folder in transformers format, or use `hub` for a model id.",
        )
    patterns = (*MODEL_FILES, *CODE_FILES) if config.trust_remote_code else MODEL_FILES
    return {"files": _digests(folder, patterns)}


def _digests(folder: Path, patterns: tuple[str, ...] = MODEL_FILES) -> dict[str, str]:
    files = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return {path.name: file_digest(path) for path in files}
