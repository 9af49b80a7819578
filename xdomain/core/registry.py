"""Lazy registries: a name maps to a "module:attribute" string, loaded on first use.

Third parties add names through entry points, so nothing is imported merely to be listed.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from xdomain.core.errors import PluginError


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """' Did you mean "x"?' for the nearest known name, or ''."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' Did you mean "{close[0]}"?' if close else ""


def load_attribute(target: str) -> Any:
    """Import "module:attribute"."""
    module_name, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f'"{target}" cannot be loaded: {type(error).__name__}: {error}.',
            fix="Install the package that provides it, or correct its entry point.",
        ) from error


@cache
def _plugins(group: str, path: tuple[str, ...]) -> Mapping[str, str]:
    """Names of an entry point group; a look through every installed package, so once for each `sys.path`."""
    return {point.name: point.value for point in entry_points(group=group)}


class Registry:
    """Names of one kind of thing (domains, strategies, ...), built in or from entry points.

    Args:
        kind: the singular noun for messages.
        builtin: name to "module:attribute".
        group: the entry point group through which other packages add names.
    """

    def __init__(self, kind: str, builtin: Mapping[str, str], group: str) -> None:
        self.kind = kind
        self.group = group
        self._builtin = dict(builtin)

    def targets(self) -> dict[str, str]:
        """Every name with its target; a built-in name cannot be replaced by a plugin."""
        return {**_plugins(self.group, tuple(sys.path)), **self._builtin}

    def names(self) -> list[str]:
        return sorted(self.targets())

    def check(self, name: str, *, where: str | None = None) -> None:
        """Raise PluginError with a suggestion unless `name` is known."""
        if name in self._builtin:  # without a look through the installed packages
            return
        known = self.names()
        if name not in known:
            raise PluginError(
                f'unknown {self.kind} "{name}".{did_you_mean(name, known)}',
                where=where,
                fix=f"Known: {', '.join(known)}.",
            )

    def load(self, name: str, *, where: str | None = None) -> Any:
        """The object registered under `name`."""
        self.check(name, where=where)
        return load_attribute(self._builtin.get(name) or self.targets()[name])
