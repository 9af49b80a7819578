"""A Python function that an experiment file names: `{function: "mypackage.rewards:score"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from xdomain.config.model_base import ConfigModel
from xdomain.core.errors import ConfigError
from xdomain.core.functions import find_function


class FunctionConfig(ConfigModel):
    """A function by its module and name. The file is found and read when the experiment is opened; workers import it.

    The digest of the module's source is part of a stage's identity. What the module imports is not.
    """

    function: str
    """Function as "module:function". The module is searched in the installed packages, then in the folder of the file.
    """
    folder: str | None = None
    """Folder in which the function's module is searched. It is filled in with the folder of the file that names the
    function, and is not part of identity."""
    source_digest: str = ""
    """sha256 of the module's source, filled in when the file is read."""

    @model_validator(mode="before")
    @classmethod
    def find_source(cls, data: Any) -> Any:
        """Find the function, and fill in the digest of its source."""
        if not isinstance(data, Mapping) or not isinstance(data.get("function"), str) or data.get("source_digest"):
            return data
        folder = data.get("folder")
        try:
            found = find_function(data["function"], folder if isinstance(folder, str) else None)
        except ConfigError as error:
            raise ValueError(error.paragraph()) from error
        return {**data, "source_digest": found.digest}
