"""The code blocks of README, CONTRIBUTING and docs, each with its kind.

A fence with a language says what it holds; ```text is for output, formulas and pictures, which nothing can check. A
block without a language is shell, Python or YAML.
"""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
GENERATED = {"python.md", "experiment-file.md", "matrices.md", "report.md"}
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("experiments/**/*.md")]
    if page.name not in GENERATED
)
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?<=\n\n)(?:    .*\n|\n(?=    ))+")
PROGRAMS = {
    "xdomain", "make", "pip", "python", "export", "cd", ".", "for", "nohup", "hf", "kubectl", "chromium", "jq", "git",
    "wandb",
}  # fmt: skip
ENDS = {"|", ">", "2>", "&", "&&", ";", "done", "||"}


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        language: that of the fence, else "shell", "python" or "yaml" by content, or "" for neither.
        line: number of its first line.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def commands(self) -> Iterator[list[str]]:
        """Yield the words of each command of a shell block, without what is before and behind the command."""
        for line in self.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            words = words[words.index("--") + 1 :] if "--" in words and "xdomain" in words else words
            while words and (words[0] == "nohup" or re.fullmatch(r"[A-Z_]+=\S*", words[0])):
                words = words[1:]
            end = next((place for place, word in enumerate(words) if word in ENDS), len(words))
            if words[:end]:
                yield [Path(words[0]).name if "/bin/" in words[0] else words[0], *words[1:end]]


def blocks() -> list[Block]:
    """Return every block of every page that is written by hand."""
    return [block for page in PAGES for block in page_blocks(page)]


def page_blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()

    def block(start: int, language: str, body: str) -> Block:
        return Block(name, text.count("\n", 0, start) + 1, language or by_content(body), body)

    for found in FENCE.finditer(text):
        yield block(found.start(3), found[2], textwrap.dedent(found[3]))
    without_fences = FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in INDENTED.finditer(without_fences):
        body = textwrap.dedent(found[0])
        line = without_fences.count("\n", 0, found.start()) + 1
        yield Block(name, line, by_content(body), body)


def by_content(text: str) -> str:
    """Return the language of a block that names none."""
    first = re.sub(r"^(\$ |[A-Z_]+=\S* )+", "", text.lstrip()).split(maxsplit=1)[0]
    if first.rpartition("/")[2] in PROGRAMS:
        return "shell"
    try:
        body = ast.parse(text).body
        if not any(isinstance(each, ast.AnnAssign) for each in body):  # `key: [value]` is YAML
            return "python"
    except SyntaxError:
        pass
    try:
        return "yaml" if isinstance(yaml.safe_load(text), dict | list) else ""
    except yaml.YAMLError:
        return ""
