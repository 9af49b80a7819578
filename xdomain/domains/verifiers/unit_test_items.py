"""Read an item's tests in the layouts of public data sets."""

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
"""Keys of a test case's parts, singular or plural, in the order in which they are tried."""

PYTHON_2 = (
    (re.compile(r"\b(0[xX][0-9a-fA-F]+|[0-9]+)[lL]\b"), r"\1"),  # 2L
    (re.compile(r"(?<![\w.])0+([1-7][0-7]*)\b"), r"0o\1"),  # 0777
    (re.compile(r"<>"), "!="),
    (re.compile(r"\b[uU][rR](?=['\"])"), "r"),  # ur''
)
"""Patterns of Python 2's own notation, with their replacements."""


CAPTURES = re.compile(r"\b(?:redirect_stdout|redirect_stderr|capsys|capfd|sys\.stdout\s*=(?!=))")
"""Names by which tests capture printed output."""


@dataclass(frozen=True)
class Case:
    """One test case.

    Attributes:
        given: Standard input, or the arguments of a call.
        wanted: Expected output or result.
        wrapped: Whether the layout wraps results in a list with one entry (APPS and PrimeIntellect, with `fn_name`).
    """

    given: Any
    wanted: Any
    wrapped: bool = False


def read_tests(tests: Any) -> Any:
    """Return tests as a list or object, which may be given as JSON text.

    Raises:
        ValueError: There are no tests, or the text is not JSON.
        TypeError: The tests are neither a list nor an object.
    """
    value = json.loads(tests) if isinstance(tests, str) else tests
    if not value:
        raise ValueError("no test case")
    if not isinstance(value, Mapping | list | tuple):
        raise TypeError(f"they should be a list or an object, not {type(value).__name__}")
    return value


def read_cases(tests: Any) -> tuple[list[Case], str | None]:
    """Return the cases, and the name of the function if the tests give it (`fn_name`), or None.

    Layouts: a list of objects; one object of two lists, `{"inputs": [...], "outputs": [...]}`; one object of two single
    values.

    Raises:
        ValueError: There is no case, or the two lists differ in length.
        KeyError: A case lacks a part.
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
    """Return the name under `metadata.func_name`, as LiveCodeBench has it, or None if there is none."""
    metadata = case.get("metadata")
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    return metadata.get("func_name") if isinstance(metadata, Mapping) else None


def part_of(case: Mapping[str, Any], part: str) -> Any:
    """Return the part of a case under any of the part's names.

    Raises:
        KeyError: The case lacks the part.
    """
    for name in NAMES[part]:
        if case.get(name) is not None or (part == "wanted" and name in case):
            value = case[name]
            return json.loads(value) if is_written_call(case) and part == "wanted" else value
    raise KeyError(NAMES[part][0])


def call_arguments(case: Mapping[str, Any]) -> Any:
    """Return the input of a case. LiveCodeBench writes the arguments as JSON values, one per line."""
    given = part_of(case, "given")
    return read_lines(given) if is_written_call(case) else given


def is_written_call(case: Mapping[str, Any]) -> bool:
    """Return whether a case holds arguments and result as JSON text, which is LiveCodeBench's form of calls."""
    return case.get("testtype") == "functional"


def read_lines(given: str) -> list[Any]:
    """Return the JSON values of lines that are not blank.

    Raises:
        ValueError: A line is not JSON.
    """
    return [json.loads(line) for line in given.split("\n") if line.strip()]


def written_call(given: Any, wanted: Any) -> tuple[Any, Any] | None:
    """Return arguments and result that are JSON text, as verl's rows with `fn_name` have them, or None otherwise."""
    if not isinstance(given, str) or not isinstance(wanted, str):
        return None
    try:
        return read_lines(given), json.loads(wanted)
    except ValueError:
        return None


def text_of(value: Any) -> str:
    """Return standard input or output as text. A list is read as a list of lines.

    Raises:
        TypeError: The input or output is missing.
    """
    if value is None:
        raise TypeError("a missing input or output")
    if isinstance(value, list | tuple):
        return "".join(f"{line}\n" for line in value)
    return str(value)


def as_arguments(given: Any) -> Sequence[Any] | Mapping[str, Any]:
    """Return the arguments of a call: a mapping by name, a list in order, or anything else as the only argument."""
    return given if isinstance(given, Mapping | list | tuple) else [given]


def assert_program(tests: Any) -> str:
    """Return one program with all assert statements, which are a list (or its JSON text) or a program text.

    Raises:
        ValueError: There are no statements.
        SyntaxError: A statement is not Python.
    """
    if isinstance(tests, str):
        tests = read_list(tests) if tests.lstrip().startswith("[") else [tests]
    program = "\n".join(valid(textwrap.dedent(str(statement))) for statement in tests)
    if not program.strip():
        raise ValueError("no test case")
    return without_captures(program)


def without_captures(program: str) -> str:
    """Return the program of tests unchanged.

    Raises:
        ValueError: The program captures printed output, which it cannot see, since the candidate prints in another
            process.
    """
    found = CAPTURES.search(program)
    if found:
        raise ValueError(f"they capture what the program prints ({found.group()}), which is not supported")
    return program


def read_list(text: str) -> Any:
    """Return a list that is written as JSON or, as in CSV files, as Python.

    Raises:
        ValueError: The text is neither.
        SyntaxError: The text is neither.
    """
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def valid(statement: str) -> str:
    """Return the statement in Python 3. Python 2's `2L` becomes 2.

    Raises:
        SyntaxError: The statement is still not Python.
    """
    try:
        ast.parse(statement)
    except SyntaxError:
        for pattern, replacement in PYTHON_2:
            statement = pattern.sub(replacement, statement)
        ast.parse(statement)
    return statement


def lines_of_code(code: Any) -> str:
    """Return code, which may be a text, a list of lines or missing, as one text."""
    return code if isinstance(code, str) else "\n".join(str(line) for line in code or ())
