"""Common base of sources that read local files: parts, digests, and errors that name file and line."""

from __future__ import annotations

import gzip
import io
import zlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from xdomain.config.domain_source import FileSource, Paths
from xdomain.core.errors import DataError
from xdomain.core.fingerprint import file_digest
from xdomain.core.json_text import RepeatedKeyError
from xdomain.core.reading import open_regular, why_unreadable
from xdomain.core.registry import did_you_mean
from xdomain.domains.sources.base import Part, Row, Source

LONGEST_LINE = 2**26
LONGEST_TEXT = 2**31
"""Largest number of characters in a file after unpacking. All rows of a file are held in memory."""
PIECE = 2**20
"""Characters that are read at a time. Python reserves as much memory as it is asked to read."""


class FileRows(Source):
    """A source of rows in local files. Each subclass reads one format."""

    reads_files = True

    def __init__(self, config: FileSource) -> None:
        self.files = config

    def parts(self) -> tuple[Part, ...]:
        if self.files.path is not None:
            return ("pool",)
        named: dict[Part, object] = {"train": self.files.train, "dev": self.files.dev, "test": self.files.test}
        return tuple(part for part, paths in named.items() if paths is not None)

    def paths(self, part: Part) -> list[Path]:
        """Return the files of a part.

        Raises:
            DataError: A file does not exist.
        """
        paths: Paths = getattr(self.files, "path" if part == "pool" else part)
        found = [Path(path) for path in ((paths,) if isinstance(paths, str) else paths)]
        for path in found:
            if not path.is_file():
                near = did_you_mean(path.name, sorted(each.name for each in path.parent.glob(f"*{path.suffix}")))
                raise DataError(
                    f"there is no such file.{near}",
                    where=str(path),
                    fix="Correct the path under the domain's `source`, or fetch the data.",
                )
        return found

    def rows(self, part: Part) -> Sequence[Row]:
        found: list[Row] = []
        for path in self.paths(part):
            try:
                found += [Row(values, f"{path}:{number}") for number, values in self.read(path)]
            except UnicodeDecodeError as error:
                raise DataError(
                    f"cannot be read as UTF-8: {error}.", where=str(path), fix="Save it as UTF-8 text."
                ) from error
            except (OSError, EOFError, zlib.error) as error:
                reason = why_unreadable(error) if isinstance(error, OSError) else str(error)
                raise DataError(f"cannot be read: {reason}.", where=str(path), fix="Check the file.") from error
        if not found:
            raise DataError("holds no rows.", where=str(self.paths(part)[0]), fix="Give a file with rows.")
        return found

    @abstractmethod
    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the rows of one file with their numbers, which are line numbers for text."""

    def identity(self) -> Mapping[str, Any]:
        digests = {part: [file_digest(path) for path in self.paths(part)] for part in self.parts()}
        return {"kind": "file", "files": digests, **self.settings()}

    def settings(self) -> Mapping[str, Any]:
        """Return the settings that affect how a file is read, as plain JSON."""
        return {}


@contextmanager
def open_text(path: Path, newline: str | None = None) -> Iterator[IO[str]]:
    """Open a text file, and unpack it if its name ends in .gz. A byte order mark at its start is skipped.

    Raises:
        OSError: The file cannot be read, or is not a regular file.
    """
    with open_regular(path) as raw:
        binary = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        with io.TextIOWrapper(cast("IO[bytes]", binary), encoding="utf-8-sig", newline=newline) as handle:
            yield handle


def read_lines(handle: IO[str], path: Path) -> Iterator[str]:
    """Yield the lines of a text within limits, since a small file may unpack to a large text.

    Raises:
        DataError: A line is longer than `LONGEST_LINE`, or the text is longer than `LONGEST_TEXT`.
    """
    left = LONGEST_TEXT
    number = 0
    while line := handle.readline(LONGEST_LINE + 1):
        number += 1
        left -= len(line)
        if len(line) > LONGEST_LINE:
            what = f"the line is longer than {LONGEST_LINE} characters."
            raise DataError(what, where=f"{path}:{number}", fix="Check the file.")
        if left < 0:
            what = f"the text is longer than {LONGEST_TEXT} characters."
            raise DataError(what, where=str(path), fix="Split it into several files, or leave rows out.")
        yield line


def whole_text(handle: IO[str], path: Path) -> str:
    """Return a text of at most `LONGEST_TEXT` characters.

    Raises:
        DataError: The text is longer.
    """
    pieces, left = [], LONGEST_TEXT
    while piece := handle.read(PIECE):
        left -= len(piece)
        if left < 0:
            what = f"the text is longer than {LONGEST_TEXT} characters."
            raise DataError(what, where=str(path), fix="Split it into several files, or leave rows out.")
        pieces.append(piece)
    return "".join(pieces)


def not_json(error: ValueError, where: str, fix: str) -> DataError:
    """Return the error for text that `load_json` refuses."""
    if isinstance(error, UnicodeDecodeError):
        raise error
    if isinstance(error, RepeatedKeyError):
        return DataError(f"{error}.", where=where, fix="Rename or remove all but one of them.")
    return DataError(f"is not JSON: {error}.", where=where, fix=fix)


def demand_object(value: object, where: str) -> Mapping[str, Any]:
    """Return a row that must be an object.

    Raises:
        DataError: The row is something else.
    """
    if not isinstance(value, dict):
        raise DataError(
            f"a row should be a JSON object. Found {type(value).__name__}.", where=where, fix="Correct the file."
        )
    return value


def refuse_repeated_columns(names: Sequence[str], where: str) -> None:
    """Refuse two columns with the same name, because only the last one could be read. Nameless columns are allowed.

    Raises:
        DataError: A name is repeated.
    """
    twice = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if twice:
        raise DataError(
            f'the file has the column "{twice[0]}" {names.count(twice[0])} times.',
            where=where,
            fix="Rename or remove all but one of them.",
        )
