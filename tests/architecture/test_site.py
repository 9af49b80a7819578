"""The site has every page, and its tables of figures are those that the code gives; `make docs` builds it strictly."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from xdomain.analysis.power import Design, smallest_detectable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RECORDS = sorted((DOCS / "explanation" / "decisions").glob("0*.md"))


class Loader(yaml.SafeLoader):
    """Reads MkDocs' file, which names a Python function."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def pages_of(nav: Any) -> Iterator[str]:
    """Yield the files of a navigation, at any depth."""
    if isinstance(nav, str):
        yield nav
    for each in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from pages_of(each)


def test_the_navigation_has_every_page_once() -> None:
    settings = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    found = sorted(pages_of(settings["nav"]))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if page.name != "report.md"}
    assert found == sorted(pages | {"CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"})


def test_links_between_the_root_and_docs_are_those_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    from site_pages import moved_links

    assert moved_links("CHANGELOG.md", "[a](docs/how-to/slurm.md#x)") == "[a](how-to/slurm.md#x)"
    assert moved_links("how-to/slurm.md", "[a](../../CONTRIBUTING.md)") == "[a](../CONTRIBUTING.md)"
    assert moved_links("how-to/slurm.md", "[a](../reference/store.md)") == "[a](../reference/store.md)"
    assert moved_links("how-to/slurm.md", "[a](https://x.org/a.md) [b](#c)") == "[a](https://x.org/a.md) [b](#c)"
    del sys.modules["site_pages"]


def test_the_table_of_seeds_and_items_is_what_the_plan_computes() -> None:
    page = (DOCS / "how-to" / "how-many-seeds-and-items.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) == 10
    for items, samples, effects in rows:
        for seeds, shown in zip((1, 2, 3, 5, 10), effects.split(" | "), strict=True):
            effect = smallest_detectable(Design(n_items=int(items), n_samples=int(samples), n_seeds=seeds))
            assert f"{100 * effect:.1f}" == shown


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_has_status_date_reasons_and_alternatives(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    number = int(record.name[:4])
    assert text.startswith(f"# {number}. ")
    assert re.search(r"^- Status: (accepted|superseded by \d+)\n- Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Decision", "Reasons", "Rejected alternatives"]
    assert f"]({record.name})" in (record.parent / "README.md").read_text(encoding="utf-8")
