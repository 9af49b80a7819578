"""What a function may return or do: a verdict, a credit, or unscored with a reason; it never ends the caller."""

from __future__ import annotations

import math
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from xdomain.config.domain_verifier import FunctionVerifier
from xdomain.core.errors import ConfigError
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.verifiers.build import build_verifier

ITEM = Item("i", "2 + 2", "4", metadata={"unit": "m"})


def judge(folder: Path, body: str, completion: str = "4") -> Verdict:
    """Judge with `def score(item, completion)` of that body."""
    head = "import numpy as np\nfrom xdomain.core.records import Outcome, Verdict\n"
    (folder / "clumsy.py").write_text(f"{head}def score(item, completion):\n    {body}\n")
    verifier = build_verifier(FunctionVerifier(function="clumsy:score", folder=str(folder)))
    (found,) = verifier.judge([ITEM], [completion])
    return found


@pytest.mark.parametrize(
    ("body", "outcome", "score"),
    [
        ("return completion == item.gold", Outcome.RIGHT, 1.0),
        ("return completion != item.gold", Outcome.WRONG, 0.0),
        ("return 1", Outcome.RIGHT, 1.0),
        ("return 0", Outcome.WRONG, 0.0),
        ("return 0.25", Outcome.WRONG, 0.25),
        ("return np.float32(0.5)", Outcome.WRONG, 0.5),
        ("return np.float64(1.0)", Outcome.RIGHT, 1.0),
        ("return np.bool_(True)", Outcome.RIGHT, 1.0),
        ("return np.int64(1)", Outcome.RIGHT, 1.0),
        ("return np.array([0.5])", Outcome.WRONG, 0.5),
        ("import torch; return torch.tensor(0.5)", Outcome.WRONG, 0.5),
        ("import torch; return torch.tensor(True)", Outcome.RIGHT, 1.0),
        ("return Verdict.right(answer='4')", Outcome.RIGHT, 1.0),
        ("return Verdict.malformed('no number')", Outcome.MALFORMED, 0.0),
        ("return Verdict.unscored('do not know')", Outcome.UNSCORED, None),
        ("return Verdict('right', np.float64(1.0), 'plain text outcome')", Outcome.RIGHT, 1.0),
        ("print('hello'); return item.metadata['unit'] == 'm'", Outcome.RIGHT, 1.0),
    ],
)
def test_results_become_verdicts(tmp_path: Path, body: str, outcome: Outcome, score: float | None) -> None:
    found = judge(tmp_path, body)
    assert (found.outcome, found.score) == (outcome, score)
    assert found.outcome in list(Outcome)
    assert type(found.outcome) is Outcome
    assert found.score is None or type(found.score) is float


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return None", "the function returned NoneType, not a Verdict"),
        ("return 'right'", "the function returned str"),
        ("return {'score': 1}", "the function returned dict"),
        ("return [1.0]", "the function returned list"),
        ("return 1j", "the function returned complex"),
        ("return np.array([1.0, 0.0])", "the function returned ndarray"),
        ("return 10 ** 400", "the function returned int"),
        ("return 1.5", "the function returned 1.5, and a credit is a number from 0 to 1"),
        ("return -0.1", "the function returned -0.1"),
        ("return float('nan')", "the function returned nan"),
        ("return float('inf')", "the function returned inf"),
        ("return Verdict('fine', 1.0)", "a Verdict whose fields have other types"),
        ("return Verdict.right(reason=3)", "a Verdict whose fields have other types"),
        ("return Verdict.right(answer=4)", "a Verdict whose fields have other types"),
        ("return Verdict.wrong(score=float('nan'))", "ValueError: score should be from 0 to 1"),
        ("raise ValueError('no number\\n in it')", "ValueError: no number in it"),
        ("raise KeyError('tests')", "KeyError: 'tests'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("exit()", "SystemExit: None"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("return score(item, completion)", "RecursionError: maximum recursion depth exceeded"),
        ("return undefined", "NameError: name 'undefined' is not defined"),
        ("if 1:\n        async def f(): return True\n    return f()", "the function returned coroutine"),
        ("raise MemoryError", "MemoryError"),
    ],
)
@pytest.mark.filterwarnings("ignore:coroutine")
def test_the_rest_is_unscored_with_a_reason(tmp_path: Path, body: str, reason: str) -> None:
    found = judge(tmp_path, body)
    assert found.outcome is Outcome.UNSCORED
    assert reason in found.reason


def test_text_that_no_file_can_hold_is_replaced(tmp_path: Path) -> None:
    assert judge(tmp_path, "return Verdict.right(reason='\\ud800', answer='\\udfff')") == Verdict.right("?", "?")


def test_a_keyboard_interrupt_is_the_users_where_the_keyboard_is_heard(tmp_path: Path) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        judge(tmp_path, "raise KeyboardInterrupt")
    found: list[Verdict] = []
    scoring = threading.Thread(target=lambda: found.append(judge(tmp_path, "raise KeyboardInterrupt")))
    scoring.start()
    scoring.join()
    assert found[0].reason == "KeyboardInterrupt"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a worker
    try:
        assert judge(tmp_path, "raise KeyboardInterrupt").outcome is Outcome.UNSCORED
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_it_prints_leaves_standard_output_alone(tmp_path: Path, capsys: Any) -> None:
    judge(tmp_path, "print('hello'); return True")
    assert capsys.readouterr() == ("", "hello\n")


def test_its_id_follows_the_source(tmp_path: Path) -> None:
    def verifier_id(body: str) -> str:
        judge(tmp_path, body)
        return build_verifier(FunctionVerifier(function="clumsy:score", folder=str(tmp_path))).id

    assert verifier_id("return 1") == verifier_id("return 1") != verifier_id("return 0")
    assert verifier_id("return 1").startswith("function/")


def test_what_cannot_be_imported_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "clumsy.py").write_text("import nosuchmodule\ndef score(item, completion): return True\n")
    verifier = build_verifier(FunctionVerifier(function="clumsy:score", folder=str(tmp_path)))
    for use in (verifier.preflight, lambda: verifier.judge([ITEM], ["4"])):
        with pytest.raises(ConfigError, match="No module named 'nosuchmodule'"):
            use()


def test_a_credit_just_below_one_is_not_right(tmp_path: Path) -> None:
    below = math.nextafter(1.0, 0.0)
    found = judge(tmp_path, f"return {below!r}")
    assert (found.outcome, found.score) == (Outcome.WRONG, below)
