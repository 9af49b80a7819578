"""Copy the pages of the site to `build/pages`, from which `make docs` builds it.

They are those of `docs/`, the changelog, the contributor's guide and the security page. Links between the
repository's root and `docs/` become links of the site.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "build" / "pages"
ROOT_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
LINK = re.compile(r"(?<=\]\()([^)\s:#]+)(?=[)#])")


def stage() -> None:
    """Write the pages to `build/pages`."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES, ignore=shutil.ignore_patterns("__pycache__", "[!s]*.py"))
    for name in ROOT_PAGES:
        shutil.copyfile(ROOT / name, PAGES / name)
    for page in PAGES.rglob("*.md"):
        page.write_text(moved_links(page.relative_to(PAGES).as_posix(), page.read_text("utf-8")), "utf-8")


def moved_links(page: str, text: str) -> str:
    """Return a page's text with its links as the site needs them."""
    source = posixpath.dirname(page if page in ROOT_PAGES else f"docs/{page}")

    def moved(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(source, found[1])).removeprefix("docs/")
        return posixpath.relpath(target, posixpath.dirname(page) or ".")

    return LINK.sub(moved, text)


if __name__ == "__main__":
    stage()
