"""Prose in the repository's files, and the phrases in it that plain English avoids.

`python -m tests.support.prose [PATH ...]` lists them, one per line, under the given files and folders.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PROSE = ("xdomain", "docs", "experiments", "benchmarks", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")

_UNITS = r"samples?|prompts?|seconds?|steps?|rows?|tokens?|completions?|cell|matrix|run|line|task|stage"
_PER = (
    r"item|step|stage|domain|worker|sample|prompt|GPU|process|slot|token|rollout|task|call|minute|split|run|seed|cell"
    r"|line|cluster|kind|matrix|panel|row|phase|pair|parameter|checkpoint"
)
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(stands?|stood) (there|in|beside|under|above|below|on|twice|behind|together|for itself|alone)\b",
        r"\bof (its|their|our|your) own\b",
        r"\bin place of\b",
        rf"\b(one|each|{_UNITS}|threads|items|weights|requests) an? ({_PER})\b",
        r"\b(tells?|told) (of|how|what|whether|why)\b",
        r"\b(says?|said) of\b",
        r"\b(goes?|going|went) on\b",
        r"\b(so many|so long|so much)\b",
        r"\b(is|are|lives?|live|published|needs?) no more\b|any more\b",
        r"\b(is|are|was|were) (not )?there\b",
        r"\bWhat of\b",
        r"\blies? (in|on|under|beside|below|above|there)\b",
        r"\bas (it is|it was|they are|it stands)\b",
        r"\b(somebody|nobody)\b",
        r"\bbesides?\b",
        r"\bfor want of\b",
        r"\b(is|are) to (be|stay|take|run|do)\b",
        r"\balone\b",
        r"\bwhere (there|it|they|that|none|nothing|one|no|not|the|a)\b",
    )
)


class Passage(NamedTuple):
    """A line of prose.

    Attributes:
        path: Its file, relative to the repository.
        line: Line number, from 1.
        text: The words.
    """

    path: str
    line: int
    text: str


def passages(paths: Sequence[Path]) -> Iterator[Passage]:
    """Yield the prose of Python, Markdown, YAML and HTML files under files and folders."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            read = READERS.get(file.suffix)
            if read is not None and file.is_file():
                name = str(file.relative_to(ROOT))
                yield from (Passage(name, line, text) for line, text in read(file.read_text(encoding="utf-8")))


def python_prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield strings with at least three words, and comments."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) >= 3:
            yield from enumerate(node.value.splitlines(), node.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")


def markdown_prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines outside of code blocks."""
    inside = False
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def yaml_prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments."""
    for number, line in enumerate(source.splitlines(), 1):
        if comment := re.search(r"(?:^|\s)#\s*(.*)", line):
            yield number, comment[1]


def html_prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield every line, without tags."""
    for number, line in enumerate(source.splitlines(), 1):
        yield number, re.sub(r"<[^>]*>|\{[{%#].*?[}%#]\}", " ", line)


READERS = {".py": python_prose, ".md": markdown_prose, ".yaml": yaml_prose, ".html": html_prose}


def phrases(passage: Passage) -> list[str]:
    """Return the phrases of a passage that plain English avoids."""
    return [found[0] for pattern in PATTERNS for found in pattern.finditer(passage.text)]


def main() -> None:
    """List the phrases under the files and folders of the command line, and their share of the words."""
    words = hits = 0
    for passage in passages([Path(name).resolve() for name in sys.argv[1:]] or [ROOT / name for name in PROSE]):
        words += len(passage.text.split())
        for phrase in phrases(passage):
            hits += 1
            print(f"{passage.path}:{passage.line}: [{phrase}] {passage.text.strip()[:150]}")
    print(f"{hits} in {words} words")


if __name__ == "__main__":
    main()
