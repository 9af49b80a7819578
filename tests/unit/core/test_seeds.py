"""Seeds that derive from names."""

from __future__ import annotations

from xdomain.core.seeds import derive_seed, generator


def test_seeds_derive_from_names_not_from_their_concatenation() -> None:
    assert derive_seed("ab", "c") != derive_seed("a", "bc")
    assert derive_seed("a", 1) != derive_seed("a", "1")
    assert 0 <= derive_seed("x") < 2**31


def test_a_seed_is_the_same_in_every_version() -> None:
    assert derive_seed("math", 0) == 846_871_198


def test_generators_are_private_and_repeat() -> None:
    one, other = generator("x"), generator("x")
    one.random()
    first = other.random()
    assert first == generator("x").random()
    assert one.random() != first
