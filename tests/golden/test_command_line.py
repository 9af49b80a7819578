"""Commands and options change only on purpose: `make golden`, and say why in the commit."""

from __future__ import annotations

from typing import Any

import typer

from tests.support.golden import compare
from xdomain.cli.app import app


def test_command_line_options() -> None:
    def options(command: Any) -> Any:
        if hasattr(command, "commands"):
            return {name: options(child) for name, child in sorted(command.commands.items())}
        return sorted(name for parameter in command.loaded.params for name in (parameter.opts or [parameter.name]))

    compare("command_line.json", options(typer.main.get_command(app)))
