"""The palette of figures is the page's in light mode."""

from __future__ import annotations

from xdomain.report.palette import N_SERIES, page_palette


def test_the_colours_are_those_of_light_mode() -> None:
    palette = page_palette()
    assert {"gain", "loss", "size", "cell", "ink", "soft", "line"} <= palette.named.keys()
    assert (palette.named["gain"], palette.series(1), palette.series(N_SERIES)) == ("#5fa3dc", "#0072b2", "#7a6a1f")


def test_no_two_series_look_alike() -> None:
    palette = page_palette()
    numbers = range(1, N_SERIES + 1)
    assert len({palette.series(number) for number in numbers}) == N_SERIES
    assert palette.dashes[2] == (7.0, 3.0)
    assert sum(not palette.dashes[number] for number in numbers) == 2, "series 1 and 5 are solid"
    assert len({palette.dashes[number] for number in numbers}) == N_SERIES - 1
