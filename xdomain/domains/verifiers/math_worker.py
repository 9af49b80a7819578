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

STATUSES = ("equal", "different", "unparsed gold", "unparsed answer")

MEMORY_BYTES = 2 << 30


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
    """Whether two LaTeX texts mean the same."""
    from math_verify import parse, verify

    parsed_gold = parse(as_latex(gold), parsing_timeout=None)
    if not parsed_gold:
        return "unparsed gold"
    parsed_answer = parse(as_latex(answer), parsing_timeout=None)
    if not parsed_answer:
        return "unparsed answer"
    return "equal" if verify(parsed_gold, parsed_answer, timeout_seconds=None) else "different"


def as_latex(text: str) -> str:
    r"""math-verify looks for mathematics between dollars or in \boxed{}; prose is left for it to find numbers in.

    Between dollars, "hello there" would be a product of ten symbols and so an answer.
    """
    words = [word for word in text.split() if word.isalpha() and len(word) > 1]
    return text if "$" in text or "\\boxed" in text or len(words) > 1 else f"${text}$"


if __name__ == "__main__":
    main()
