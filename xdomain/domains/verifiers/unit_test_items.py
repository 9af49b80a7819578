"""The tests that an item brings along, in the layouts that public data sets have."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAMES = {
    "given": ("arguments", "argument", "inputs", "input", "args", "stdin"),
    "wanted": ("expected", "expecteds", "outputs", "output", "expected_output", "stdout"),
}
"""Keys of a test case's parts, singular or plural, in the order in which they are looked for."""

PYTHON_2 = (
    (re.compile(r"\b(0[xX][0-9a-fA-F]+|[0-9]+)[lL]\b"), r"\1"),  # 2L
    (re.compile(r"(?<![\w.])0+([1-7][0-7]*)\b"), r"0o\1"),  # 0777
    (re.compile(r"<>"), "!="),
    (re.compile(r"\b[uU][rR](?=['\"])"), "r"),  # ur''
)
"""What Python 2 wrote otherwise: patterns and their replacements."""


CAPTURES = re.compile(r"\b(?:redirect_stdout|redirect_stderr|capsys|capfd|sys\.stdout\s*=(?!=))")
"""How tests capture what is printed."""


@dataclass(frozen=True)
class Case:
    """One test case.

    Attributes:
        given: standard input, or the arguments of a call.
        wanted: the expected output or result.
        wrapped: whether the layout wraps results in a list of one (APPS and PrimeIntellect, beside `fn_name`).
    """

    given: Any
    wanted: Any
    wrapped: bool = False


def read_tests(tests: Any) -> Any:
    """Tests as a value; the JSON of one is read.

    Raises:
        ValueError: there is none, or it is no JSON.
        TypeError: they are neither a list nor an object.
    """
    value = json.loads(tests) if isinstance(tests, str) else tests
    if not value:
        raise ValueError("no test case")
    if not isinstance(value, Mapping | list | tuple):
        raise TypeError(f"they should be a list or an object, not {type(value).__name__}")
    return value


def read_cases(tests: Any) -> tuple[list[Case], str | None]:
    """Cases, and the name of the function if the tests say it (`fn_name`).

    Layouts: a list of objects; one object of two lists, `{"inputs": [...], "outputs": [...]}`; one object of two single
    values.

    Raises:
        ValueError: there is no case, or the two lists differ in length.
        KeyError: a case lacks a part.
    """
    value = read_tests(tests)
    name = None
    if isinstance(value, Mapping) and "functional" in value:
        raise ValueError("they are a program, which the style `functional` runs")
    if isinstance(value, Mapping):
        name = value.get("fn_name")
        given, wanted = part_of(value, "given"), part_of(value, "wanted")
        if not isinstance(given, list | tuple) or not isinstance(wanted, list | tuple):
            given, wanted = [given], [wanted]
        pairs = list(zip(given, wanted, strict=True))
    else:
        if not all(isinstance(case, Mapping) for case in value):
            raise TypeError("each case should be an object")
        name = value[0].get("fn_name")
        called = None if name else function_of(value[0])
        if called:
            return [Case(call_arguments(case), part_of(case, "wanted")) for case in value], called
        pairs = [(call_arguments(case), part_of(case, "wanted")) for case in value]
    if not pairs:
        raise ValueError("no test case")
    if name is None:
        return [Case(*pair) for pair in pairs], None
    return [Case(*(written_call(*pair) or pair), wrapped=written_call(*pair) is None) for pair in pairs], name


def function_of(case: Mapping[str, Any]) -> str | None:
    """Return the name under `metadata.func_name`, where LiveCodeBench has it; None if there is none."""
    metadata = case.get("metadata")
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    return metadata.get("func_name") if isinstance(metadata, Mapping) else None


def part_of(case: Mapping[str, Any], part: str) -> Any:
    """The part of a case under any of its names.

    Raises:
        KeyError: it has none.
    """
    for name in NAMES[part]:
        if case.get(name) is not None or (part == "wanted" and name in case):
            value = case[name]
            return json.loads(value) if is_written_call(case) and part == "wanted" else value
    raise KeyError(NAMES[part][0])


def call_arguments(case: Mapping[str, Any]) -> Any:
    """What a case gives; LiveCodeBench writes one JSON value a line for each argument."""
    given = part_of(case, "given")
    return read_lines(given) if is_written_call(case) else given


def is_written_call(case: Mapping[str, Any]) -> bool:
    """Return whether a case holds arguments and result as JSON text, as LiveCodeBench writes calls."""
    return case.get("testtype") == "functional"


def read_lines(given: str) -> list[Any]:
    """Return the JSON values of lines that are not blank.

    Raises:
        ValueError: one is no JSON.
    """
    return [json.loads(line) for line in given.split("\n") if line.strip()]


def written_call(given: Any, wanted: Any) -> tuple[Any, Any] | None:
    """Return arguments and result that stand beside `fn_name` as JSON text (verl's rows); None if they do not."""
    if not isinstance(given, str) or not isinstance(wanted, str):
        return None
    try:
        return read_lines(given), json.loads(wanted)
    except ValueError:
        return None


def text_of(value: Any) -> str:
    """Standard input or output as text; a list is one of lines.

    Raises:
        TypeError: it is missing.
    """
    if value is None:
        raise TypeError("a missing input or output")
    if isinstance(value, list | tuple):
        return "".join(f"{line}\n" for line in value)
    return str(value)


def as_arguments(given: Any) -> Sequence[Any] | Mapping[str, Any]:
    """Arguments of a call: a mapping names them, a list has them in order, anything else is the only one."""
    return given if isinstance(given, Mapping | list | tuple) else [given]


def assert_program(tests: Any) -> str:
    """One program of all assert statements: a list of them (or its JSON), or their text.

    Raises:
        ValueError: there is none.
        SyntaxError: one is no Python.
    """
    if isinstance(tests, str):
        tests = read_list(tests) if tests.lstrip().startswith("[") else [tests]
    program = "\n".join(valid(textwrap.dedent(str(statement))) for statement in tests)
    if not program.strip():
        raise ValueError("no test case")
    return without_captures(program)


def without_captures(program: str) -> str:
    """Return the program of tests.

    Raises:
        ValueError: it captures what is printed. The candidate prints in another process, where tests see nothing.
    """
    found = CAPTURES.search(program)
    if found:
        raise ValueError(f"they capture what the program prints ({found.group()}), which is not supported")
    return program


def read_list(text: str) -> Any:
    """Return a list that is written as JSON or, as CSV files have it, in Python.

    Raises:
        ValueError: it is neither.
        SyntaxError: it is neither.
    """
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def valid(statement: str) -> str:
    """The statement as Python 3 can read it: `2L` is Python 2 for 2.

    Raises:
        SyntaxError: it is no Python even so.
    """
    try:
        ast.parse(statement)
    except SyntaxError:
        for pattern, replacement in PYTHON_2:
            statement = pattern.sub(replacement, statement)
        ast.parse(statement)
    return statement


def lines_of_code(code: Any) -> str:
    """Code as one text: a text, a list of lines, or nothing."""
    return code if isinstance(code, str) else "\n".join(str(line) for line in code or ())
