"""The command that prints a number again."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess

import pytest

from tests.support.report_example import example_result
from xdomain.report.reproduce import cell_command, default_command, short_checkpoint, without_writing


def test_the_query_finds_the_cell_whatever_its_names_hold() -> None:
    result = example_result(2, 1)
    command = cell_command(result.matrices["transfer"], 'a\' "b" -> c', "math", report_command="xdomain report x")
    shown, query = command.split(" | jq ", 1)
    assert shown == "xdomain report x --json"
    (asked,) = shlex.split(query)
    assert asked == '.matrices["transfer"].cells["a\' \\"b\\" -> c"]["math"]'
    if shutil.which("jq"):
        document = {"matrices": {"transfer": {"cells": {'a\' "b" -> c': {"math": 7}}}}}
        found = subprocess.run(["jq", asked], input=json.dumps(document), capture_output=True, text=True, check=True)
        assert found.stdout == "7\n"


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("xdomain report x --format html --out 'a b'", "xdomain report x"),
        ("xdomain report x --format=html --json --store s", "xdomain report x --store s"),
        ("xdomain report 'my file'", "xdomain report 'my file'"),
    ],
)
def test_options_of_files_are_dropped(command: str, kept: str) -> None:
    assert without_writing(command) == kept


def test_names_are_short_but_can_be_found() -> None:
    assert short_checkpoint(f"{'0123456789ab' + 'c' * 52}@120") == "0123456789ab@120"
    assert short_checkpoint("my-model") == "my-model"
    assert default_command(example_result(2, 1)).startswith("xdomain report ")
