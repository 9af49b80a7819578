"""Verifier that runs code in the sandbox and demands that it passes tests."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from xdomain.config.domain_verifier import UnitTestVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import FINDERS, cut_reasoning
from xdomain.domains.sandbox.base import Limits, Sandbox
from xdomain.domains.sandbox.choose import find_sandbox
from xdomain.domains.sandbox.packages import package_files
from xdomain.domains.sandbox.runs import CallRun, CheckRun, run_calls, run_script, run_tests
from xdomain.domains.sandbox.wire import CandidateError, Codec
from xdomain.domains.verifiers.base import LONGEST_COMPLETION, Verifier
from xdomain.domains.verifiers.programs import HINTS, LEETCODE, as_body, asked_name, python_block, with_empty_body
from xdomain.domains.verifiers.same_output import Tolerance, same_output, same_value
from xdomain.domains.verifiers.unit_test_items import (
    Case,
    as_arguments,
    assert_program,
    lines_of_code,
    read_cases,
    read_tests,
    text_of,
    without_captures,
)

PRINTED = 1e-6
RETURNED = 1e-9

UNREADABLE = (AttributeError, CandidateError, LookupError, RecursionError, SyntaxError, TypeError, ValueError)
"""Errors that reading an item's tests may raise."""


class ItemFault(Exception):
    """Error for an item whose own tests cannot be read or run."""


Judge = Callable[[], str | None]
"""Function that runs a program and returns the reason why it fails, or None if it passes."""


class UnitTestChecker(Verifier):
    """A verifier by unit tests.

    A completion is right if every test passes, and malformed if it holds no code. It is unscored if the tests
    themselves fail. Each style needs its own item metadata:

    - stdin: `tests`, a list or its JSON text.
    - function: `tests`, as for stdin, and `entry_point`.
    - humaneval: `prompt` (the opening of the program), `tests` (code) and `entry_point`.
    - asserts: `tests`, a list of assert statements, and optionally `imports`, a list of lines.
    - functional: `tests`, the ground truth of Guru's code rows, and optionally `prefix`, code that runs before both
      program and tests, and `entry_point`.
    """

    id = "unit_tests/2"

    def __init__(self, config: UnitTestVerifier) -> None:
        self.config = config
        package_files(config.packages)  # raises an error for a package that is not installed
        self.limits = Limits(wall_seconds=config.timeout_seconds, memory_mib=config.memory_mib)

    def preflight(self) -> None:
        find_sandbox(self.config.packages, allow_unsandboxed=self.config.allow_unsandboxed_code)

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        sandbox = find_sandbox(self.config.packages, allow_unsandboxed=self.config.allow_unsandboxed_code)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as executor:
            return list(executor.map(lambda pair: self.judge_one(sandbox, *pair), zip(items, completions, strict=True)))

    def judge_one(self, sandbox: Sandbox, item: Item, completion: str) -> Verdict:
        code = None if len(completion) > LONGEST_COMPLETION else self.find_code(completion, asked_name(item.metadata))
        if code is None:
            return Verdict.malformed("no code")
        prepare = {
            "stdin": self.prepare_stdin,
            "function": self.prepare_function,
            "humaneval": self.prepare_humaneval,
            "asserts": self.prepare_asserts,
            "functional": self.prepare_functional,
        }
        try:
            # An error here is the item's fault, since no program has run yet. The returned judge raises none.
            judge = prepare[self.config.style](sandbox, item.metadata, code.replace("\x00", ""))
        except UNREADABLE as error:
            return Verdict.unscored(f"the item's tests cannot be read: {type(error).__name__} {error}"[:300])
        try:
            failure = judge()
        except OSError as error:
            return Verdict.unscored(f"the sandbox failed: {error.strerror}")
        except ItemFault as fault:
            return Verdict.unscored(f"the item's tests fail by themselves: {fault}")
        return Verdict.right("all tests passed", code) if failure is None else Verdict.wrong(failure, code)

    def find_code(self, completion: str, name: str = "") -> str | None:
        """Return the code at the first configured place. A whole completion keeps its indentation.

        Args:
            completion: Completion with its reasoning.
            name: Name that the code should define, "" if the item does not give it.
        """
        completion = cut_reasoning(completion, self.config.reasoning)
        for place in self.config.answer_in:
            code = python_block(completion, name) if place == "code_block" else FINDERS[place](completion)
            code = completion if place == "whole" else code
            if code is not None and code.strip():
                return code.encode("utf-8", "replace").decode()
        return None

    def tolerance(self, default: float) -> Tolerance:
        relative, absolute = self.config.relative_tolerance, self.config.absolute_tolerance
        return Tolerance(default if relative is None else relative, default if absolute is None else absolute)

    def prepare_stdin(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> Judge:
        """Return a judge that demands the expected output in every case."""
        cases, _ = read_cases(metadata["tests"])
        texts = [(text_of(case.given), text_of(case.wanted)) for case in cases]

        def judge() -> str | None:
            for number, (given, wanted) in enumerate(texts, start=1):
                # Room for twice the expected output, so that a longer wrong output is recognised.
                room = max(self.limits.output_bytes, 2 * len(wanted.encode("utf-8", "replace")))
                run = run_script(sandbox, code, given, replace(self.limits, output_bytes=room))
                if run.ending != "exited":
                    return f"test {number}: {run.ending}"
                if run.exit_code != 0:
                    return f"test {number}: exit code {run.exit_code}"
                if not holds(same_output, run.stdout, wanted, self.config.compare, self.tolerance(PRINTED)):
                    return f"test {number}: different output"
            return None

        return judge

    def prepare_function(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> Judge:
        """Return a judge that demands the expected result in every case."""
        cases, name = read_cases(metadata["tests"])
        entry_point = str(metadata.get("entry_point") or name or "")
        if not entry_point:
            raise KeyError("entry_point")
        calls = [as_arguments(case.given) for case in cases]
        Codec().pack(calls)  # raises an error for arguments that cannot be passed to a program
        setup = LEETCODE if re.search(r"^class Solution\b", code, re.MULTILINE) else HINTS
        room = max(self.limits.output_bytes, 8 * len(repr([(case.given, case.wanted) for case in cases])))

        def judge() -> str | None:
            run = run_calls(sandbox, code, entry_point, calls, replace(self.limits, output_bytes=room), setup)
            return self.failed_case(cases, calls, run)

        return judge

    def failed_case(self, cases: Sequence[Case], calls: Sequence[Any], run: CallRun) -> str | None:
        """Return the reason why a function fails, or None if it passes.

        A function that returns nothing and changes its first argument in at least one case is judged by that argument.
        """
        results = list(run.values)
        silent = all(value is None for value in results)
        if silent and any(is_changed(left, call) for left, call in zip(run.arguments, calls, strict=False)):
            results = [first_argument(left) for left in run.arguments]
        for number, (case, value) in enumerate(zip(cases, results, strict=False), start=1):
            if not self.is_wanted(value, case):
                return f"test {number}: different result"
        if len(results) == len(cases):
            return None
        return f"test {len(results) + 1}: {run.failure if run.ending == 'exited' else run.ending}"

    def is_wanted(self, value: Any, case: Case) -> bool:
        wanted = [case.wanted]
        if case.wrapped and isinstance(case.wanted, list | tuple) and len(case.wanted) == 1:
            wanted.append(case.wanted[0])
        return any(holds(same_value, value, one, self.tolerance(RETURNED)) for one in wanted)

    def prepare_humaneval(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> Judge:
        """Return a judge that demands that `check` passes.

        A completion that defines the function runs after the prompt and may use its imports and helpers. Any other
        completion continues the prompt.
        """
        prompt, name = str(metadata["prompt"]), str(metadata["entry_point"])
        opening = with_empty_body(prompt)
        defines = re.search(rf"\bdef\s+{re.escape(name)}\s*\(", code)
        program = code if defines else prompt + as_body(code)
        tests = lines_of_code(metadata["tests"])
        return lambda: word_of(run_tests(sandbox, program, name, opening, tests, self.limits))

    def prepare_asserts(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> Judge:
        """Return a judge that demands that all assert statements hold."""
        tests = assert_program(metadata["tests"])
        setup = HINTS + lines_of_code(metadata.get("imports"))
        return lambda: word_of(run_tests(sandbox, code, None, setup, tests, self.limits))

    def prepare_functional(self, sandbox: Sandbox, metadata: Mapping[str, Any], code: str) -> Judge:
        """Return a judge that demands that a test program runs to its end.

        Source: the layouts of Guru's code rows (LLM360/Reasoning360, data_preprocess/codegen): a program that asserts
        something of `Solution().method` or of a function, or inputs and outputs.
        """
        tests = metadata["tests"]
        if isinstance(tests, str) and not tests.lstrip().startswith(("{", "[")):
            tests = {"functional": tests}
        tests = read_tests(tests)
        if isinstance(tests, Mapping) and "assert_case" in tests:
            tests = {"functional": tests["assert_case"]}
        if not isinstance(tests, Mapping) or "functional" not in tests:
            named = not isinstance(tests, Mapping) or "fn_name" in tests
            prepare = self.prepare_function if named and read_cases(tests)[1] else self.prepare_stdin
            return prepare(sandbox, {**metadata, "tests": tests}, code)
        program = without_captures(lines_of_code(tests["functional"]))
        if metadata.get("entry_point") and not re.search(r"^check\w*\(", program, re.MULTILINE):
            program += f"\ncheck({metadata['entry_point']})\n"
        setup = (LEETCODE if "Solution" in program else HINTS) + lines_of_code(metadata.get("prefix"))
        return lambda: word_of(run_tests(sandbox, code, None, setup, program, self.limits))


def holds(compare: Callable[..., bool], *values: Any) -> bool:
    """Return whether a comparison holds. A comparison that raises an error, on deep nesting for example, does not."""
    try:
        return compare(*values)
    except Exception:
        return False


def word_of(run: CheckRun) -> str | None:
    """Return the reason why a program fails its tests, or None if it passes.

    Raises:
        ItemFault: The tests are at fault.
    """
    if run.ending != "exited":
        return run.ending
    if run.item_fault:
        raise ItemFault(run.word)
    return None if run.word == "passed" else run.word


def is_changed(left: Any, call: Any) -> bool:
    """Return whether a call changed its arguments."""
    try:
        return bool(left != (list(call) if isinstance(call, tuple) else call))
    except (ArithmeticError, RecursionError):  # a signalling NaN, or a list that contains itself
        return True


def first_argument(arguments: Any) -> Any:
    """Return the first argument of a call, or None if it had no arguments."""
    return next(iter(arguments.values() if isinstance(arguments, Mapping) else arguments), None)
