"""Find the program in a completion, and complete it so that it can run."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from xdomain.domains.extraction.places import PYTHON, fenced_blocks

UNMARKED = re.compile("")
"""Matches the language word of a fenced block without one."""

HINTS = (
    "from typing import Any, Callable, DefaultDict, Deque, Dict, FrozenSet, Generator, Iterable, Iterator, List\n"
    "from typing import Mapping, Optional, Sequence, Set, Tuple, TypeVar, Union\n"
)
"""Imports of names that functions may use in type hints without an import, as graders of code allow."""

LEETCODE = (
    "import bisect, collections, functools, heapq, itertools, math, operator, random, re, string, sys\n"
    "from typing import *\nfrom bisect import *\nfrom collections import *\nfrom functools import *\n"
    "from heapq import *\nfrom itertools import *\nfrom math import *\nfrom builtins import *\n"
    "inf = float('inf')\nsys.setrecursionlimit(50_000)\n"
)
"""Imports that LeetCode makes and a `class Solution` relies on. Builtins come last, so `pow` is the builtin."""


def python_block(completion: str, name: str) -> str | None:
    """Return the fenced block that holds the program: the last one that defines `name`, or otherwise the last one.

    Blocks marked as another language (a shell command, an output) are used only if there are no others. Unmarked blocks
    are used only if none is marked as Python.

    Args:
        completion: Completion without its reasoning.
        name: Name of the demanded function or class, "" if the item does not give it.
    """
    blocks = fenced_blocks(completion)
    defines = re.compile(rf"^\s*(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", re.MULTILINE)
    for language in (PYTHON, UNMARKED):
        found = [code for word, code in blocks if language.fullmatch(word)]
        if found:
            return next((code for code in reversed(found) if name and defines.search(code)), found[-1])
    return blocks[-1][1] if blocks else None


def asked_name(metadata: Mapping[str, Any]) -> str:
    """Return the name that a program for the item should define, or "" if the item does not give it."""
    return str(metadata.get("entry_point") or "").replace("()", "").rpartition(".")[2]


def with_empty_body(prompt: str) -> str:
    """Return the opening of a program with a body that does nothing, indented like the prompt's docstring."""
    for indent in ("    ", "  ", "\t"):
        program = f"{prompt}\n{indent}pass\n"
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            ast.parse(program)
            return program
    return f"{prompt}\n    pass\n"


def as_body(code: str) -> str:
    """Return the continuation of a function with the indentation of its first line restored, if that was lost."""
    first, _, rest = code.lstrip("\n").partition("\n")
    if not first.strip() or first[0].isspace():
        return code
    lines = [line for line in rest.split("\n") if line.strip()]
    whole = first.rstrip().endswith(":") or not all(line[0].isspace() for line in lines)
    return textwrap.indent(f"{first}\n{rest}", "    ") if whole else f"    {first}\n{rest}"
