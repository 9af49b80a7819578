"""The child process of the math verifier. It reads JSON lines `{gold, answer, seconds}` and writes one of `STATUSES`.

math-verify's own timeouts use SIGALRM and fail in threads, so they are off. Instead, the parent kills this process, and
an alarm with its default action ends it even while the interpreter is stuck inside one long operation.
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
"""Number of digits to which two numbers are compared."""

EXACT, DECIMAL = 1e-40, 1e-6
"""Largest relative differences of equal numbers: if both are exact, and if one of them is a decimal fraction."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable(logging.CRITICAL)  # math-verify warns on every call that its timeouts are off
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    import math_verify  # noqa: F401 -- takes place before "ready", not during the first job

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
    """Return one of `STATUSES`: whether two LaTeX texts without words and units have the same meaning."""
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
    """Return a list with the expression that all of `text` states, or an empty list if it states none.

    math-verify's own search would use the first number in a text that it cannot parse, and its fallback the text.
    """
    from math_verify import LatexExtractionConfig, parse

    default = LatexExtractionConfig()
    # math-verify's list of units contains products such as "ab" and "t", so that "x + 2ab" would be x + 2
    config = replace(default, normalization_config=replace(default.normalization_config, units=False))
    formula = f"${text.replace('$', ' ')}$"
    return list(parse(formula, [config], fallback_mode="no_fallback", parsing_timeout=None))


def contradicts_itself(parsed: Any) -> bool:
    """Return whether an equation of numbers is false. "4 = 5" states no answer."""
    from sympy import Eq

    if not isinstance(parsed, Eq) or parsed.free_symbols:
        return False
    return not close_enough(parsed.lhs, parsed.rhs)


def close_enough(gold: Any, answer: Any) -> bool:
    """Return False for two numbers whose relative difference shows that they are different.

    math-verify rounds to six decimals and so takes all tiny numbers as equal. It decides about anything else.
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
