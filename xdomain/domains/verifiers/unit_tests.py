"""Code that must pass tests, run in the sandbox."""

from __future__ import annotations

import ast
import builtins
import json
import math
import os
import textwrap
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from xdomain.config.domain_verifier import UnitTestVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import FINDERS
from xdomain.domains.sandbox.base import Limits, Sandbox
from xdomain.domains.sandbox.choose import find_sandbox
from xdomain.domains.sandbox.runs import run_calls, run_script, run_tests
from xdomain.domains.verifiers.base import LONGEST_COMPLETION, Verifier


class UnitTestChecker(Verifier):
    """Right if every test passes; malformed if the completion holds no code.

    Item metadata by style: stdin and function want `tests`, a list or its JSON, and function an `entry_point`;
    humaneval wants `prompt` (the opening of the program), `tests` (code) and `entry_point`; asserts wants `tests`, a
    list of assert statements, and may have `imports`, a list of lines.
    """

    id = "unit_tests/1"

    def __init__(self, config: UnitTestVerifier) -> None:
        self.config = config
        self.limits = Limits(wall_seconds=config.timeout_seconds, memory_mib=config.memory_mib)

    def preflight(self) -> None:
        find_sandbox(allow_unsandboxed=self.config.allow_unsandboxed_code)

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        sandbox = find_sandbox(allow_unsandboxed=self.config.allow_unsandboxed_code)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as executor:
            return list(executor.map(lambda pair: self.judge_one(sandbox, *pair), zip(items, completions, strict=True)))

    def judge_one(self, sandbox: Sandbox, item: Item, completion: str) -> Verdict:
        code = None if len(completion) > LONGEST_COMPLETION else self.find_code(completion)
        if code is None:
            return Verdict.malformed("no code")
        style = {
            "stdin": self.judge_stdin,
            "function": self.judge_function,
            "humaneval": self.judge_humaneval,
            "asserts": self.judge_asserts,
        }
        try:
            failure = style[self.config.style](sandbox, item.metadata, code.replace("\x00", ""))
        except OSError as error:
            return Verdict.unscored(f"the sandbox failed: {error.strerror}")
        except (KeyError, TypeError, ValueError) as error:
            return Verdict.unscored(f"the item's tests cannot be read: {type(error).__name__} {error}")
        return Verdict.right("all tests passed", code) if failure is None else Verdict.wrong(failure, code)

    def find_code(self, completion: str) -> str | None:
        """The code at the first configured place; a whole completion keeps its indentation."""
        for place in self.config.answer_in:
            code = completion if place == "whole" else FINDERS[place](completion)
            if code is not None and code.strip():
                return code.encode("utf-8", "replace").decode()
        return None

    def judge_stdin(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> str | None:
        """Why the program fails, None if every output is the expected one."""
        for number, case in enumerate(read_cases(metadata["tests"], "input", "output"), start=1):
            run = run_script(sandbox, code, str(case["input"]), self.limits)
            if run.ending != "exited":
                return f"test {number}: {run.ending}"
            if run.exit_code != 0:
                return f"test {number}: exit code {run.exit_code}"
            if lines_of(run.stdout) != lines_of(str(case["output"])):
                return f"test {number}: different output"
        return None

    def judge_function(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> str | None:
        """Why the function fails, None if every result is the expected one."""
        cases = read_cases(metadata["tests"], "arguments", "expected")
        run = run_calls(sandbox, code, metadata["entry_point"], [case["arguments"] for case in cases], self.limits)
        for number, (case, value) in enumerate(zip(cases, run.values, strict=False), start=1):
            if not equal_values(value, case["expected"]):
                return f"test {number}: different result"
        if len(run.values) == len(cases):
            return None
        return f"test {len(run.values) + 1}: {run.failure if run.ending == 'exited' else run.ending}"

    def judge_humaneval(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> str | None:
        """Why the function fails, None if `check` passes.

        A completion that defines the function stands after the prompt, whose imports and helpers it may use; any
        other continues the prompt.
        """
        prompt, name = str(metadata["prompt"]), str(metadata["entry_point"])
        defines = f"def {name}(" in code
        program = f"{prompt}\n    pass\n\n{code}" if defines else f"{prompt}{code}"
        run = run_tests(sandbox, program, name, f"{prompt}\n    pass\n", str(metadata["tests"]), self.limits)
        if run.word == "passed":
            return None
        return run.word if run.ending == "exited" else run.ending

    def judge_asserts(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> str | None:
        """Why the function that the assert statements call fails, None if all of them hold."""
        tests = [str(line) for line in metadata["tests"]]
        imports = "\n".join(str(line) for line in metadata.get("imports") or ())
        name = called_function(tests)
        check = f"def check({name}):\n" + textwrap.indent("\n".join(tests), "    ")
        run = run_tests(sandbox, f"{imports}\n{code}", name, imports, check, self.limits)
        if run.word == "passed":
            return None
        return run.word if run.ending == "exited" else run.ending


def called_function(tests: Sequence[str]) -> str:
    """The one function that every assert statement calls by its bare name, builtins left out.

    Raises:
        ValueError: the statements are no Python, or there is not exactly one such function.
    """
    called = [
        {
            node.func.id
            for node in ast.walk(ast.parse(textwrap.dedent(test)))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not hasattr(builtins, node.func.id)
        }
        for test in tests
    ]
    common = sorted(set.intersection(*called)) if called else []
    if len(common) != 1:
        raise ValueError(f"the assert statements should call one function. Found {', '.join(common) or 'none'}")
    return common[0]


def read_cases(tests: Any, given: str, expected: str) -> list[dict[str, Any]]:
    """Test cases as a list of objects: a list of them, `{givens: [...], expecteds: [...]}`, or the JSON of either.

    Raises:
        ValueError: there is no case.
        KeyError: a case lacks a part.
    """
    cases = json.loads(tests) if isinstance(tests, str) else tests
    if isinstance(cases, Mapping):  # the layout of APPS and Guru: {"inputs": [...], "outputs": [...]}
        pairs = zip(cases[f"{given}s"], cases[f"{expected}s"], strict=True)
        cases = [{given: one, expected: other} for one, other in pairs]
    if not cases:
        raise ValueError("no test case")
    return [{given: case[given], expected: case[expected]} for case in cases]


def lines_of(output: str) -> list[str]:
    """Lines without trailing white space, and without empty ones at the end."""
    return [line.rstrip() for line in output.rstrip().split("\n")]


def equal_values(value: Any, expected: Any) -> bool:
    """Equality with a JSON value: tuples are lists, numbers agree to 1e-9, booleans are no numbers."""
    if isinstance(expected, list):
        return (
            isinstance(value, list | tuple) and len(value) == len(expected) and all(map(equal_values, value, expected))
        )
    if isinstance(expected, dict):
        return (
            isinstance(value, dict)
            and {str(key) for key in value} == set(expected)
            and all(equal_values(child, expected[str(key)]) for key, child in value.items())
        )
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(expected, float) and isinstance(value, int | float):
        return math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-9)
    return type(value) in (type(expected), float, int) and bool(value == expected)
