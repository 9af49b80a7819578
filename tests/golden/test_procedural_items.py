"""The items of every generator, pinned: a change of the draw without a new `version` would mix two tests in one store.

When a digest changes on purpose, raise the generator's `version` and pin the new one.
"""

from __future__ import annotations

import pytest

from xdomain.config.domain_registry import GENERATORS
from xdomain.config.domain_source import ProceduralSource
from xdomain.core.fingerprint import fingerprint
from xdomain.domains.sources.procedural import ProceduralRows

PINNED: dict[tuple[str, int], str] = {
    ("arithmetic", 1): "60285eee7b160e8c",
    ("letters", 1): "6fb77de226384f9f",
    ("quantities", 1): "75e875e8751adcff",
    ("science_choice", 1): "aade707a0febcf49",
    ("science_open", 1): "685135b69a9c643b",
    ("truth", 1): "51a8eecb36e4ae6c",
}


def digest(name: str) -> tuple[int, str]:
    """Version of a generator, and a digest of ten items a split of each of its levels."""
    generator = GENERATORS.load(name)
    drawn = []
    for level in generator.levels:
        source = ProceduralSource(kind="procedural", generator=name, level=level, sizes=(10, 10, 10))
        rows = ProceduralRows(source)
        drawn.append([dict(row.values) for part in rows.parts() for row in rows.rows(part)])
    return generator.version, fingerprint(drawn)[:16]


@pytest.mark.parametrize("name", GENERATORS.names())
def test_items_are_those_of_their_version(name):
    version, found = digest(name)
    assert PINNED[name, version] == found
