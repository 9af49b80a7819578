"""Read the fields of an item from the columns of a row, and apply filters to them."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xdomain.config.domain import DomainConfig, FieldConfig, FilterConfig, OptionsConfig
from xdomain.config.domain_verifier import UnitTestVerifier
from xdomain.core.errors import DataError
from xdomain.core.json_text import RepeatedKeyError
from xdomain.core.limits import LimitExceeded
from xdomain.core.registry import did_you_mean
from xdomain.core.seeds import generator
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.patterns import last_match
from xdomain.domains.sources.base import Row
from xdomain.domains.values import load_json, readable, written

NEEDED = {"criteria_judge": ("criteria",), "unit_tests": ("tests",)}
"""Fields, other than the gold, that a kind of verifier needs."""

NEEDED_BY_STYLE = {"humaneval": ("prompt", "tests", "entry_point")}
"""Fields that styles of `unit_tests` need in addition."""

ABSENT = object()
"""Value that `find` returns for a field that a row lacks."""


def find(value: Any, place: str) -> Any:
    """Return the value at a dotted name, or `ABSENT` if the row has no such field.

    A column whose own name has dots takes precedence over a nested field. JSON inside a cell is read.
    """
    value = parsed(value)
    if isinstance(value, Mapping):
        steps = place.split(".")
        for end in range(len(steps), 0, -1):
            name, rest = ".".join(steps[:end]), ".".join(steps[end:])
            if name in value:
                found = find(value[name], rest) if rest else value[name]
                if found is not ABSENT:
                    return found
    elif isinstance(value, Sequence) and not isinstance(value, str):
        step, _, rest = place.partition(".")
        if step.isdecimal() and int(step) < len(value):
            return find(value[int(step)], rest) if rest else value[int(step)]
    return ABSENT


def demand_columns(columns: Iterable[str], rows: Sequence[Row]) -> None:
    """Check that each column is in at least one row. A column that no row has is misspelt.

    Raises:
        DataError: No row has the column.
    """
    for column in columns:
        if not any(has_column(row, column) for row in rows):
            raise no_column(column, rows[0])


def has_column(row: Row, column: str) -> bool:
    try:
        return find(row.values, column) is not ABSENT
    except RepeatedKeyError:  # reported when the row is read
        return True


def no_column(column: str, row: Row) -> DataError:
    fix = f"The row has the columns {', '.join(row.values)}."
    if len(row.values) == 1 and (found := next((mark for mark in ";\t|" if mark in next(iter(row.values))), None)):
        fix += f" If the file separates cells by {found!r}, set `source.delimiter`."
    near = did_you_mean(column, list(row.values))
    return DataError(f'there is no column "{column}".{near}', where=row.where, fix=fix)


def read_field(row: Row, field: FieldConfig) -> Any:
    """Return the value of a field, or None if it is missing. With a pattern, a number is read as its text.

    Raises:
        BadRow: The pattern has no match, or JSON in the cell lists a key twice.
        DataError: The pattern takes too long.
        UnicodeDecodeError: The cell holds bytes that are not UTF-8.
    """
    try:
        value = find(row.values, field.column)
        value = None if value is ABSENT else readable(value)
    except RepeatedKeyError as error:
        raise BadRow(
            f'the column "{field.column}" cannot be read: {error}.', where=row.where, fix="Correct the row."
        ) from error
    if field.pattern is None or value is None:
        return value
    text = str(value) if isinstance(value, bool | int | float) else value
    try:
        match = last_match(field.pattern, text) if isinstance(text, str) else None
    except LimitExceeded as error:
        raise DataError(
            f'the pattern {field.pattern!r} {error} on the column "{field.column}".',
            where=row.where,
            fix="Write it without repetitions inside repetitions, such as (a+)+.",
        ) from error
    if match is None:
        raise BadRow(
            f'the column "{field.column}" should hold a match of {field.pattern!r}. Found {str(value)[-80:]!r}.',
            where=row.where,
            fix="Correct the pattern or the row.",
        )
    return match


def read_options(row: Row, columns: OptionsConfig) -> dict[str, Any]:
    """Return the fields `options` and `gold` of a row whose answers are in separate columns.

    The order of options is drawn from their texts. So it is the same for every model, and an edit of one row changes no
    other row.

    Raises:
        BadRow: An option is missing or is neither text nor a number, or two options are equal.
    """
    names = (columns.right, *columns.wrong)
    options = demand_options([read_field(row, FieldConfig(column=name)) for name in names], row.where)
    right = options[0]
    options.sort()
    generator("options", *options).shuffle(options)
    return {"options": options, "gold": string.ascii_uppercase[options.index(right)]}


def demand_options(options: Sequence[Any], where: str) -> list[str]:
    """Return options as texts without surrounding white space.

    Raises:
        BadRow: An option is missing or empty or is neither text nor a number, or two options are equal.
    """
    texts = [str(option) if isinstance(option, bool) else written(readable(option)) for option in options]
    stripped = [text.strip() for text in texts if text is not None]
    if len(stripped) < len(options) or not all(stripped):
        raise BadRow(
            f"every option should be a text or a number. Found {list(options)!r}.", where=where, fix="Correct the row."
        )
    twice = [text for text in stripped if stripped.count(text) > 1]
    if twice:
        raise BadRow(f"two options are the same. Found {twice[0]!r} twice.", where=where, fix="Correct the row.")
    return stripped


def parsed(text: Any) -> Any:
    """Return the value of JSON text in a cell, as Guru and CSV files have it, or the cell itself if it is not JSON.

    Raises:
        RepeatedKeyError: An object in it lists a key twice.
    """
    if hasattr(text, "tolist"):
        return text.tolist()
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return load_json(text)
    except RepeatedKeyError:
        raise
    except ValueError:
        return text


def passes(entry: FilterConfig, values: Mapping[str, Any], where: str) -> bool:
    """Return whether a row passes a filter. A missing value has no length and no size, and equals none of `one_of`.

    Raises:
        DataError: No such field exists.
        BadRow: The filter compares numbers, and the field is not one.
    """
    if entry.field not in values:
        raise DataError(
            f'the filter names the field "{entry.field}", which the row lacks.',
            where=where,
            fix=f"Fields: {', '.join(sorted(values))}.",
        )
    value = values[entry.field]
    length = 0 if value is None else len(str(value))
    if (entry.min_length is not None and length < entry.min_length) or (
        entry.max_length is not None and length > entry.max_length
    ):
        return False
    if entry.one_of is not None and value not in entry.one_of:
        return False
    if entry.minimum is None and entry.maximum is None:
        return True
    if value is None:
        return False
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRow(
            f'the filter compares "{entry.field}", which should be a number. Found {str(value)[:80]!r}.',
            where=where,
            fix="Filter another field, or correct the row.",
        ) from error
    return (entry.minimum is None or number >= entry.minimum) and (entry.maximum is None or number <= entry.maximum)


def demand_judged(values: Mapping[str, Any], config: DomainConfig, where: str) -> None:
    """Check that a row has the fields that the domain's verifier needs.

    Raises:
        BadRow: A field of `NEEDED` is missing or empty.
    """
    verifier = config.verifier
    style = verifier.style if isinstance(verifier, UnitTestVerifier) else ""
    for name in NEEDED_BY_STYLE.get(style, NEEDED.get(verifier.kind, ())):
        value = values.get(name)
        if value is None or not (value.strip() if isinstance(value, str) else value):
            what = "is not mapped" if name not in values else "is null" if value is None else "is empty"
            raise BadRow(
                f"`{name}` {what}, but the verifier {verifier.kind} needs it.",
                where=where,
                fix=f"Map it under domains.{config.name}.fields.{name}, or correct the row.",
            )
