"""File names of runs: lower-case letters, digits and hyphens for any label."""

from __future__ import annotations

import re
from collections.abc import Iterable


def file_names(labels: Iterable[str]) -> dict[str, str]:
    """Return a name for each label: "math-then-science" for "math -> science".

    Equal names are numbered in order.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for label in labels:
        words = label.lower().replace("->", " then ").replace("+", " with ").replace("*", "x")
        plain_name = re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "run"
        name, number = plain_name, 1
        while name in taken:
            number += 1
            name = f"{plain_name}-{number}"
        taken.add(name)
        names[label] = name
    return names
