"""Find files that a configuration does not name by a plain path."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from xdomain.core.errors import ConfigError

ADAPTER_CONFIG = "adapter_config.json"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
"""Files of tokenizers. A folder with any of them contains a tokenizer."""


def has_tokenizer(folder: Path) -> bool:
    """Return whether a tokenizer was saved in `folder`."""
    return any((folder / name).is_file() for name in TOKENIZER_FILES)


def gguf_path(value: str) -> Path:
    """Return the file that `model.gguf` names. "package:NAME/FILE" is a file inside an installed package.

    Raises:
        ConfigError: The package or the file does not exist.
    """
    where = "model.gguf"
    if not value.startswith("package:"):
        path = Path(value).expanduser()
    else:
        package, _, inside = value.removeprefix("package:").partition("/")
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            name = package.replace("_", "-")
            raise ConfigError(f'the package "{package}" is not installed.', where=where, fix=f"pip install {name}")
        path = Path(spec.submodule_search_locations[0]) / inside
    if not path.is_file():
        raise ConfigError(f'there is no file "{path}".', where=where, fix="Give the path of a .gguf file.")
    return path
