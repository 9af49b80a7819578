"""What surrounds an answer and never changes it."""

from __future__ import annotations

import pytest

from xdomain.domains.extraction.wrappers import bare, plain, plain_characters, plain_latex, plain_operators


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("**5**", "5"),
        ("$$ 5 $$", "5"),
        ('"yes".', "yes"),
        ("`a`", "a"),
        ("[[B]]", "B"),
        ("5...", "5..."),
        ("**a** and **b**", "**a** and **b**"),
        ("", ""),
    ],
)
def test_what_encloses_the_whole_is_taken_off(text: str, taken: str) -> None:
    assert bare(text) == taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("x²", "x^{2}"),
        ("−5", "-5"),
        ("１２", "12"),
        ("½", " 1/2"),
        ("&lt;5", "<5"),
        ("1\u202f000", "1,000"),
        ("٣", "3"),
    ],
)
def test_characters(text: str, taken: str) -> None:
    assert plain_characters(text).replace("⁄", "/") == taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("\\text{cm}", "cm"),
        ("\\dfrac{1}{2}", "\\frac{1}{2}"),
        ("90^\\circ", "90°"),
        ("1{,}000", "1,000"),
        ("\\$5", "$5"),
    ],
)
def test_latex_that_only_lays_out(text: str, taken: str) -> None:
    assert plain_latex(text) == taken


def test_words_before_numbers() -> None:
    assert plain_operators("16 minus 7") == "16 - 7"
    assert plain_operators("negative 5") == "-5"
    assert plain("\\(\\mathbf{7}\\).") == "7"
