"""The lazy command group: one line of help for each command, which is the command's own."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from xdomain.cli.app import COMMANDS, DOMAINS, GRID, app
from xdomain.core.registry import load_attribute

ROWS = [pytest.param(*row, id=f"{row[0]}") for table in (COMMANDS, GRID, DOMAINS) for row in table.values()]


@pytest.mark.parametrize(("target", "line"), ROWS)
def test_the_line_in_the_table_is_the_first_of_the_docstring(target: str, line: str) -> None:
    first = (inspect.getdoc(load_attribute(target)) or "").split("\n\n")[0]
    assert " ".join(first.split()) == line


def test_help_of_groups_imports_no_command() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from xdomain.cli.app import app; "
        "texts = [CliRunner().invoke(app, words).output for words in (['--help'], ['grid', '--help'])]; "
        "assert 'Print the log of a stage' in texts[1]; "
        "print(sorted(name for name in sys.modules if name.startswith('xdomain.')))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = ["xdomain.cli", "xdomain.cli.app", "xdomain.cli.lazy"]
    expected += ["xdomain.core", "xdomain.core.errors", "xdomain.core.foreign_text", "xdomain.core.registry"]
    expected += ["xdomain.core.secrets"]
    assert ended.stdout.strip() == str(expected)


def test_an_unknown_command_of_a_group_is_refused_with_a_suggestion() -> None:
    ended = CliRunner().invoke(app, ["grid", "pln"])
    assert ended.exit_code == 2
    assert "Did you mean 'plan'?" in ended.output


def test_a_command_has_its_options_once_it_is_loaded() -> None:
    command = get_command(app).commands["grid"].commands["logs"]
    assert command.params == []
    assert {"--follow", "-f"} <= {option for each in command.loaded.params for option in each.opts}
