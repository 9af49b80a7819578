"""Reading who is claimed to be what."""

from __future__ import annotations

import pytest

from xdomain.domains.verifiers.claims import Claims, gold_names

VALUES = ("knight", "knave")
NAMES = ("zoey", "riley")


@pytest.mark.parametrize(
    ("text", "zoey", "riley"),
    [
        ("Zoey is a knight, and Riley is a knave.", {"knight"}, {"knave"}),
        ("Knights: Zoey. Knaves: Riley.", {"knight"}, {"knave"}),
        ("Both Zoey and Riley are knaves.", {"knave"}, {"knave"}),
        ("**Zoey**: knight\n**Riley**: knave", {"knight"}, {"knave"}),
        ("| Zoey | knight |\n| Riley | knave |", {"knight"}, {"knave"}),
        ("Zoey is not a knight.", set(), set()),
        ("If Zoey is a knight, Riley is a knave.", set(), set()),
        ("Zoey says that Riley is a knave.", set(), set()),
        ("It is impossible that Zoey is a knight.", set(), set()),
        ("Zoey is a knight. Zoey is a knave.", {"knight", "knave"}, set()),
        ("Aunt Zoey is a knight.", set(), set()),
        ("", set(), set()),
    ],
)
def test_what_is_claimed(text: str, zoey: set[str], riley: set[str]) -> None:
    claims = Claims(NAMES, VALUES).read(text)
    assert (claims.get("zoey", set()), claims.get("riley", set())) == (zoey, riley)


def test_a_name_of_one_letter_is_a_capital() -> None:
    assert Claims(("a", "b"), VALUES).read("A is a knight and B is a knave") == {"a": {"knight"}, "b": {"knave"}}


@pytest.mark.parametrize(
    ("gold", "names"),
    [
        ("Zoey is a knight, and Riley is a knave.", ("zoey", "riley")),
        ("A1: knight, B1: knave", ("a1", "b1")),
        ("(1) Mary Ann is a knight", ("mary ann",)),
        ("knight", ()),
    ],
)
def test_names_of_a_gold_answer(gold: str, names: tuple[str, ...]) -> None:
    assert gold_names(gold, VALUES) == names
