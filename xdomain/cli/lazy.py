"""Import the modules of commands only when they are used, so that `--help` and short commands start fast."""

from functools import cached_property
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from xdomain.core.registry import load_attribute

Table = dict[str, tuple[str, str]]
"""Commands by name, each with "module:function" and the first line of its help."""


class LazyCommand(TyperCommand):
    """A command that is imported when it is called. Until then, only its name and first line of help are known.

    Args:
        name: Name of the command.
        target: Function of the command, as "module:function".
        line: First line of the help.
    """

    def __init__(self, name: str, target: str, line: str) -> None:
        super().__init__(name=name, help=line)
        self._target = target

    @cached_property
    def loaded(self) -> Any:
        """Import the command and return it with its options."""
        only = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
        only.command(self.name)(load_attribute(self._target))
        return typer.main.get_command(only)

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Import the command, and let it parse its arguments."""
        return self.loaded.make_context(*args, **options)


def lazy_commands(table: Table) -> dict[str, LazyCommand]:
    """Return the commands of a table."""
    return {name: LazyCommand(name, target, line) for name, (target, line) in table.items()}


def lazy_group(name: str, line: str, table: Table) -> TyperGroup:
    """Return a group of the commands of a table.

    Args:
        name: Name of the group.
        line: Help of the group.
        table: Commands of the group.
    """
    commands: dict[str, Any] = dict(lazy_commands(table))
    return TyperGroup(name=name, help=line, commands=commands, no_args_is_help=True, rich_markup_mode="rich")
