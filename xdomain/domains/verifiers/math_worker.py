"""The child of the math verifier: one JSON line `{gold, answer, seconds}` in, one of the words of `STATUSES` out.

math-verify's own timeouts use SIGALRM and fail in threads, so they are off: the parent kills, and an alarm with
its default action ends this process even while the interpreter is stuck inside one long operation.
"""

from __future__ import annotations

import json
import logging
import math
import resource
import signal
import sys
from dataclasses import replace
from typing import Any

STATUSES = ("equal", "different", "unparsed gold", "unparsed answer")

MEMORY_BYTES = 2 << 30

DIGITS = 50
"""Digits to which two numbers are compared."""

EXACT, DECIMAL = 1e-40, 1e-6
"""Relative differences up to which two exact numbers are the same, and two of which one is a decimal fraction."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable(logging.CRITICAL)  # math-verify warns on every call that its timeouts are off
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    import math_verify  # noqa: F401 -- paid for before "ready", not by the first job

    reply("ready")
    for line in sys.stdin:
        job = json.loads(line)
        signal.alarm(math.ceil(job["seconds"]) + 2)
        reply(compare(job["gold"], job["answer"]))
        signal.alarm(0)


def reply(word: str) -> None:
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


def compare(gold: str, answer: str) -> str:
    """Return whether two LaTeX texts without words and units mean the same, as one of `STATUSES`."""
    from math_verify import verify

    parsed_gold = read(gold)
    if not parsed_gold:
        return "unparsed gold"
    parsed_answer = read(answer)
    if not parsed_answer or contradicts_itself(parsed_answer[0]):
        return "unparsed answer"
    if not verify(parsed_gold, parsed_answer, timeout_seconds=None):
        return "different"
    return "equal" if close_enough(parsed_gold[0], parsed_answer[0]) else "different"


def read(text: str) -> list[Any]:
    """Return the expression that the whole of `text` is, in a list; an empty one if it is none.

    math-verify's own search would go on to the first number in what it cannot parse, and its fallback to text.
    """
    from math_verify import LatexExtractionConfig, parse

    default = LatexExtractionConfig()
    # its list of units holds products such as "ab" and "t", so that "x + 2ab" would be x + 2
    config = replace(default, normalization_config=replace(default.normalization_config, units=False))
    formula = f"${text.replace('$', ' ')}$"
    return list(parse(formula, [config], fallback_mode="no_fallback", parsing_timeout=None))


def contradicts_itself(parsed: Any) -> bool:
    """Return whether an equation of numbers is false: "4 = 5" states nothing."""
    from sympy import Eq

    if not isinstance(parsed, Eq) or parsed.free_symbols:
        return False
    return not close_enough(parsed.lhs, parsed.rhs)


def close_enough(gold: Any, answer: Any) -> bool:
    """Return False for two numbers whose relative difference shows that they are not the same.

    math-verify rounds to six decimals, so that all tiny numbers are equal to it. What is no number is left to it.
    """
    from sympy import Eq, Expr, Float, N

    pair = [side.rhs if isinstance(side, Eq) else side for side in (gold, answer)]
    if not all(isinstance(side, Expr) and side.is_number for side in pair):
        return True
    if pair[0] == pair[1]:
        return True
    values = [N(side.doit(), DIGITS) for side in pair]
    scale = max(abs(value) for value in values)
    tolerance = DECIMAL if any(side.has(Float) for side in pair) else EXACT
    return bool(abs(values[0] - values[1]) <= tolerance * scale)


if __name__ == "__main__":
    main()
