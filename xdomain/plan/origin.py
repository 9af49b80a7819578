"""Origin of an experiment: its file, and the overrides from the command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Origin:
    """The origin of an experiment's settings.

    Attributes:
        name: Name of the experiment in its file, before overrides.
        file: sha256 of the file.
        settings: Overrides, as `--set` takes them.
        note: Sentence that says which settings are used, if the user may expect others.
    """

    name: str
    file: str
    settings: tuple[str, ...] = ()
    note: str = field(default="", compare=False)

    @property
    def description(self) -> dict[str, Any]:
        """Return overrides and note for JSON documents; empty ones are left out."""
        found = {"settings": list(self.settings), "settings_note": self.note}
        return {key: value for key, value in found.items() if value}


NO_FILE = Origin("", "")
"""Origin of an experiment that was not read from a file."""


def options_text(settings: Iterable[str]) -> str:
    """Return the command-line options for these overrides, such as "--set training.steps=20"."""
    return " ".join(f"--set {shlex.quote(each)}" for each in settings)
