"""Tables of `xdomain domains check`."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from xdomain.api.domains import check_domains
from xdomain.report.domain_checks import check_problems, check_tables


def test_a_sound_domain_and_a_problem() -> None:
    (checked,) = check_domains("logic", most=5)
    console = Console(width=200, file=io.StringIO())
    for part in check_tables([checked]):
        console.print(part)
    text = console.file.getvalue()
    for part in checked.splits:
        assert f"{part.gold_right}/{part.judged}" in text
        assert f"reward on {part.split}: right {part.rewards.gold}" in text
    assert f"logic: {checked.distinct_prompts} distinct prompts, scorer {checked.scorer}" in text
    assert check_problems([checked]) == []
    broken = replace(checked, problems=("gold is wrong",))
    assert [str(line) for line in check_problems([checked, broken])] == ["logic: problem: gold is wrong"]
