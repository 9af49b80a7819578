"""Expand environment variables in the texts of a file."""

from __future__ import annotations

import os
import re
from typing import Any

from xdomain.config.mistakes import Location
from xdomain.config.model_base import Expanded
from xdomain.config.written import Written
from xdomain.core.secrets import is_secret

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expand_variables(value: Any, written: Written, location: Location = ()) -> Any:
    """Return a value in which every ${NAME} in a text is replaced by the environment variable.

    A variable that is not set, or that holds a secret, is noted as a mistake, and its text stays unchanged.

    Args:
        value: Content of a file.
        written: Origin of the file.
        location: Location of the value in the file.
    """
    if isinstance(value, dict):
        return {key: expand_variables(child, written, (*location, key)) for key, child in value.items()}
    if isinstance(value, list):
        return [expand_variables(child, written, (*location, index)) for index, child in enumerate(value)]
    if not isinstance(value, str) or not VARIABLE.search(value):
        return value
    usable = True
    for name in VARIABLE.findall(value):
        if is_secret(name):
            what = f"${{{name}}} names a secret, and an experiment's values are stored."
            fix = "Use a setting that takes the name of a variable, such as `api_key_variable`, or rename the variable."
        elif name not in os.environ:
            what, fix = f"${{{name}}} is not set in the environment.", f"Set it, for example: export {name}=/path."
        else:
            continue
        usable = False
        if not any(error.what == what for error in written.mistakes.values()):
            written.note(location, what, fix)
        written.unknown.add(location)
    return Expanded(VARIABLE.sub(lambda match: os.environ[match[1]], value)) if usable else value
