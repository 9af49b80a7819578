"""`${NAME}` in paths of YAML files."""

from __future__ import annotations

import os
import re

from xdomain.core.errors import ConfigError

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expand_environment(text: str, *, where: str | None = None) -> str:
    """Replace every `${NAME}` in `text` by the environment's value.

    Raises:
        ConfigError: a named variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f'"{text}" names the environment variable {name}, which is not set.',
                where=where,
                fix=f"Set it, for example `export {name}=/path/to/it`, or write the path itself.",
            )
        return os.environ[name]

    return PLACEHOLDER.sub(value, text)
