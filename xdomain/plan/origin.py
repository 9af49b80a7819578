"""Which file an experiment was read from, and what the user set on the command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Where an experiment's settings came from.

    Attributes:
        name: name of the experiment in its file, before overrides.
        file: sha256 of the file.
        settings: overrides, as `--set` takes them.
        note: which settings are used, in words, where the user may expect others.
    """

    name: str
    file: str
    settings: tuple[str, ...] = ()
    note: str = field(default="", compare=False)

    @property
    def description(self) -> dict[str, Any]:
        """Overrides and note for JSON documents; what is empty is left out."""
        found = {"settings": list(self.settings), "settings_note": self.note}
        return {key: value for key, value in found.items() if value}


NO_FILE = Origin("", "")
"""Origin of an experiment that came from no file."""


def options_text(settings: Iterable[str]) -> str:
    """Return the options that make these overrides: "--set training.steps=20"."""
    return " ".join(f"--set {shlex.quote(each)}" for each in settings)
