"""Models from outside the store: a folder, a LoRA adapter, a GGUF file, a hub id, or an endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xdomain.core.errors import ConfigError
from xdomain.core.files import read_json
from xdomain.core.locate import ADAPTER_CONFIG


def model_source(text: str, revision: str | None) -> dict[str, Any]:
    """Return the `model` section of an experiment for a model from outside the store.

    Raises:
        ConfigError: The text names none of these, or names an adapter whose base model cannot be found.
    """
    if text.startswith("hub:"):
        name, _, own = text.removeprefix("hub:").partition("@")
        return {"hub": name, "revision": own or revision}
    if is_endpoint(text):
        return {"endpoint": endpoint_source(text)}
    if text.endswith(".gguf"):
        return {"gguf": text}
    folder = Path(text).expanduser()
    if (folder / ADAPTER_CONFIG).is_file():
        return adapter_source(folder)
    if folder.is_dir():
        return {"path": text}
    raise ConfigError(
        f'"{text}" is not a stage of the store, a folder or a .gguf file.',
        where="MODEL",
        fix="Hub models are written hub:OWNER/NAME@REVISION, endpoints https://HOST/v1#MODEL; `xdomain grid status "
        "FILE --json` lists stages.",
    )


def is_endpoint(text: str) -> bool:
    """Return whether `text` is the address of a served model."""
    return text.startswith(("http://", "https://"))


def endpoint_source(text: str) -> dict[str, str]:
    """Return the endpoint that "https://HOST/v1#MODEL" stands for.

    Raises:
        ConfigError: No model is named.
    """
    url, _, model = text.partition("#")
    if not model:
        raise ConfigError(
            f'"{text}" names an endpoint but no model.',
            where="MODEL",
            fix="Write it in the form http://localhost:8000/v1#NAME.",
        )
    return {"base_url": url, "model": model}


def adapter_source(folder: Path) -> dict[str, Any]:
    """Return an adapter with the base model that its configuration names: a folder if it exists, else a hub id.

    Raises:
        ConfigError: The configuration names no base model, or a folder that does not exist.
    """
    where = str(folder / ADAPTER_CONFIG)
    fix = "Set base_model_name_or_path to the model that it was trained on."
    try:
        found = read_json(folder / ADAPTER_CONFIG)
    except ValueError as error:
        raise ConfigError("is not JSON.", where=where, fix="Copy the adapter again.") from error
    base = found.get("base_model_name_or_path") if isinstance(found, dict) else None
    if not isinstance(base, str) or not base:
        raise ConfigError("the adapter does not name its base model.", where=where, fix=fix)
    # A relative path refers to the folder in which the adapter was trained, or to the adapter's folder.
    for path in (Path(base).expanduser(), folder / base):
        if path.is_dir():
            return {"path": str(path), "adapter": str(folder)}
    if Path(base).is_absolute() or base.startswith((".", "~")) or base.count("/") != 1:
        raise ConfigError(f'the base model "{base}" of the adapter does not exist.', where=where, fix=fix)
    return {"hub": base, "revision": found.get("revision"), "adapter": str(folder)}
