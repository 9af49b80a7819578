"""What can be said about two mathematical answers from their text."""

from __future__ import annotations

import pytest

from xdomain.domains.verifiers.math_text import compare_texts, for_parser, prose, settled, tidy, without_labels


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        ("1/2", "0.5", True),
        ("50%", "1/2", True),
        ("50", "50%", True),
        ("0.333333", "1/3", True),
        ("0.33", "1/3", False),
        ("5 cm", "5 m", False),
        ("5 cm", "5", True),
        ("3:1", "3", False),
        ("3:4", "3/4", True),
        ("10:30", "10:30 a.m.", True),
        ("10:30 a.m.", "10:30 p.m.", False),
        ("52_8", "52", True),
        ("52_8", "52_9", False),
        ("listen", "silent", False),
        ("1, 2, \\ldots, n", "1,2,...,n", True),
        ("\\{1,2\\}", "(1,2)", False),
        ("(1,2)", "2,1", False),
        ("1,234", "(1,234)", False),
        ("\\pm 3", "3", False),
        ("x^2+1", "1+x^2", None),
        ("y = 5", "x = 5", None),
    ],
)
def test_decided_from_the_text(gold: str, answer: str, equal: bool | None) -> None:
    assert compare_texts(tidy(gold), tidy(answer)) is equal


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("$\\sqrt{2}$.", "\\sqrt{2}"),
        ("√(2)", "\\sqrt{2}"),
        ("The area is $6$ and the side is $2$", "2"),
        ("0.\\overline{3}", "\\frac{3}{9}"),
        ("2π", "2\\pi"),
    ],
)
def test_only_the_mathematics_is_kept(text: str, tidied: str) -> None:
    assert tidy(text) == tidied


def test_labels_are_treated_alike() -> None:
    assert without_labels("(B) 5", "5") == ("5", "5")
    assert without_labels("(B) 5", "B") == ("B", "B")
    assert without_labels("(B) 5", "(B) 6") == ("(B) 5", "(B) 6")


@pytest.mark.parametrize(
    ("text", "prepared"), [("sin x", "\\sin x"), ("1 1/2", "(1+\\frac{1}{2})"), ("the area is 5x", "5x")]
)
def test_the_parser_gets_what_it_can_read(text: str, prepared: str) -> None:
    assert for_parser(text) == prepared


def test_words_are_not_products_of_letters() -> None:
    assert prose("because it rains")
    assert not prose("\\frac{ab}{c}")
    assert settled("listen")
    assert not settled("x^2")
