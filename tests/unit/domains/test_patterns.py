"""Regular expressions that users wrote."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from xdomain.core.limits import LimitExceeded
from xdomain.domains.patterns import last_match


def test_the_last_match_and_its_group() -> None:
    assert last_match(r"a(\d)", "a1 a2") == "2"
    assert last_match(r"a\d", "a1 a2") == "a2"
    assert last_match(r"b", "a") is None
    assert last_match(r"^(x)?y", "x\ny") is None


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){25}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_backtracks_without_end_is_stopped(pattern: str) -> None:
    began = time.monotonic()
    with pytest.raises(LimitExceeded, match="takes longer than 2 seconds"):
        last_match(pattern, "a" * 200 + "!")
    assert time.monotonic() - began < 8


def test_a_child_process_searches_for_other_threads() -> None:
    text = "a" * 60 + "!"
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(last_match, r"x=(\w+)", "x=\ud800a x=é").result() == "é"
        with pytest.raises(LimitExceeded, match="takes longer than 2 seconds"):
            executor.submit(last_match, "(a+)+$", text).result()
        assert executor.submit(last_match, "a", text).result() == "a"


def test_searching_means_what_pythons_re_means() -> None:
    text = "Answer: 5\nanswer = 7"
    pattern = r"(?i)^answer\s*[:=]\s*(?P<value>\d)(?!\d)$"
    assert last_match(pattern, text) == re.findall(pattern, text, re.MULTILINE)[-1]
