"""Import of results from elsewhere: accuracy tables with their numbers of items."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xdomain.analysis.accuracy_table import AccuracyTable, Published
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.run_id import BASE, BASE_RUN, JOINT, RunId
from xdomain.core import json_text
from xdomain.core.errors import AnalysisError, ConfigError
from xdomain.core.json_text import RepeatedKeyError, small_integer
from xdomain.core.reading import read_limited, why_unreadable

LARGEST_FILE = 2**30
"""Maximum bytes of a file, which is read into memory."""

TABLE_COLUMNS = ("curriculum", "domain", "accuracy", "n_items")


def read_accuracy_table(path: Path) -> AccuracyTable:
    """Read a CSV with the columns curriculum, domain, accuracy, n_items, or a JSON list of objects with those keys.

    Accuracies are fractions; the base model is the curriculum "base".

    Raises:
        AnalysisError: The file is missing or malformed; the message names the row.
        ConfigError: A curriculum cannot be read.
    """
    rows = _json_rows(path) if path.suffix == ".json" else _csv_rows(path)
    cells: dict[tuple[RunId, str], Published] = {}
    for number, row in enumerate(rows, start=1):
        where = f"{path}, row {number}"
        missing = [name for name in TABLE_COLUMNS if row.get(name) in (None, "")]
        if missing:
            raise AnalysisError(
                f"has no {', '.join(missing)}.", where=where, fix=f"Needed: {', '.join(TABLE_COLUMNS)}."
            )
        try:
            if isinstance(row["accuracy"], bool) or isinstance(row["n_items"], bool):
                raise TypeError("true and false are not numbers")
            if not isinstance(row["domain"], str):
                raise TypeError("the domain is not text")
            cell = Published(float(row["accuracy"]), int(row["n_items"]))
        except (TypeError, ValueError, OverflowError) as error:
            raise AnalysisError(f"accuracy and n_items should be numbers: {error}.", where=where) from error
        try:
            key = (read_curriculum(str(row["curriculum"])), str(row["domain"]))
        except ConfigError as error:
            raise ConfigError(error.what, where=where, fix=error.fix) from error
        if key in cells:
            raise AnalysisError(f'"{key[0]}" on "{key[1]}" is listed twice.', where=where, fix="Keep one of them.")
        cells[key] = cell
    domains = tuple(dict.fromkeys(domain for _, domain in cells))
    return AccuracyTable(path.stem, str(path.name), domains, cells)


def read_curriculum(text: str) -> RunId:
    """Return the run of a curriculum, or the base model for "base".

    Raises:
        ConfigError: The text is neither.
    """
    return BASE_RUN if text.strip() == BASE else RunId(parse_curriculum(text), JOINT)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file.

    Raises:
        AnalysisError: The file cannot be read, or is larger than `LARGEST_FILE`.
    """
    try:
        # Spreadsheets begin a file with a byte order mark.
        text = read_limited(path, LARGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"cannot be read as UTF-8: {error.reason} at byte {error.start}."
        raise AnalysisError(what, where=str(path), fix="Give a text file in UTF-8.") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        what = f"cannot be read: {why_unreadable(error)}."
        raise AnalysisError(what, where=str(path), fix="Give a text file in UTF-8.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_json_document(path: Path) -> Any:
    """Return the value in a JSON file.

    Raises:
        AnalysisError: The file cannot be read, is not JSON, or holds an integer of more than 64 bits.
    """
    return parse_json("\n".join(read_lines(path)), str(path), parse_int=small_integer)


def parse_json(text: str, where: str, parse_int: Callable[[str], int] = int) -> Any:
    """Return the value of a JSON text.

    Raises:
        AnalysisError: The text is not JSON, is nested too deeply, or lists a key of an object twice.
    """
    try:
        value = json_text.parse_json(text, parse_int=parse_int)
        if "\\ud" in text.lower():  # unpaired surrogates, which no report could hold, become "?"
            whole = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
            value = json_text.parse_json(whole)
        return value
    except RepeatedKeyError as error:
        raise AnalysisError(f"cannot be read: {error}.", where=where, fix="Remove one of them.") from error
    except ValueError as error:
        raise AnalysisError(f"is not JSON: {error}.", where=where, fix="Correct the file.") from error


def _json_rows(path: Path) -> list[dict[str, Any]]:
    value = read_json_document(path)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise AnalysisError("should be a list of objects.", where=str(path), fix=f"Keys: {', '.join(TABLE_COLUMNS)}.")
    return value


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    reader = csv.DictReader(read_lines(path))
    try:
        twice = [name for name in TABLE_COLUMNS if (reader.fieldnames or []).count(name) > 1]
        if twice:
            raise AnalysisError(
                f'the header lists the column "{twice[0]}" twice.', where=str(path), fix="Remove one of them."
            )
        return list(reader)
    except csv.Error as error:
        raise AnalysisError(
            f"is not CSV: {error}.", where=f"{path}, line {reader.line_num}", fix="Correct the line."
        ) from error
