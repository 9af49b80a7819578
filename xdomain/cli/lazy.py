"""Commands whose modules are imported when they are used, so that `--help` and short commands start fast."""

from functools import cached_property
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from xdomain.core.registry import load_attribute

Table = dict[str, tuple[str, str]]
"""Name of each command: "module:function" and the first line of its help."""


class LazyCommand(TyperCommand):
    """A command of which only its name and one line of help are known until it is called.

    Args:
        target: "module:function".
    """

    def __init__(self, name: str, target: str, line: str) -> None:
        super().__init__(name=name, help=line)
        self._target = target

    @cached_property
    def loaded(self) -> Any:
        """The command with its options."""
        only = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
        only.command(self.name)(load_attribute(self._target))
        return typer.main.get_command(only)

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Parse the command's arguments: from here on the command itself acts."""
        return self.loaded.make_context(*args, **options)


def lazy_commands(table: Table) -> dict[str, LazyCommand]:
    """Return the commands of a table."""
    return {name: LazyCommand(name, target, line) for name, (target, line) in table.items()}


def lazy_group(name: str, line: str, table: Table) -> TyperGroup:
    """Return a group of the commands of a table.

    Args:
        line: help of the group.
    """
    commands: dict[str, Any] = dict(lazy_commands(table))
    return TyperGroup(name=name, help=line, commands=commands, no_args_is_help=True, rich_markup_mode="rich")
