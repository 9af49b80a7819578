"""Fields of an item, read from the columns of a row, and the filters on them."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

from xdomain.config.domain import FieldConfig, FilterConfig, OptionsConfig
from xdomain.core.errors import DataError
from xdomain.core.seeds import generator
from xdomain.domains.extraction import last_match
from xdomain.domains.sources.base import Row


def read_field(row: Row, field: FieldConfig) -> Any:
    """The value of a field: numbers become text where a pattern asks for text.

    Raises:
        DataError: the column is missing, or the pattern has no match.
    """
    value: Any = row.values
    for step in field.column.split("."):
        value = parsed(value)
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise DataError(
                f'there is no column "{field.column}".',
                where=row.where,
                fix=f"The row has the columns {', '.join(row.values)}.",
            )
    if isinstance(value, bool | int | float):
        value = str(value) if field.pattern is not None else value
    if field.pattern is None:
        return value
    match = last_match(field.pattern, value) if isinstance(value, str) else None
    if match is None:
        raise DataError(
            f'the column "{field.column}" should hold a match of {field.pattern!r}. Found {str(value)[-80:]!r}.',
            where=row.where,
            fix="Correct the pattern or the row.",
        )
    return match


def read_options(row: Row, columns: OptionsConfig) -> dict[str, Any]:
    """The fields `options` and `gold` of a row whose answers stand in columns of their own.

    The order is drawn from the texts, so it is the same for every model, and a row that changes changes no other.

    Raises:
        DataError: a column is missing or no text, or the right answer stands among the wrong ones.
    """
    texts = [read_field(row, FieldConfig(column=name)) for name in (columns.right, *columns.wrong)]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise DataError(f"every option should be text. Found {texts!r}.", where=row.where, fix="Correct the row.")
    right, *wrong = (text.strip() for text in texts)
    if right in wrong:
        raise DataError(f"the right answer {right!r} is also a wrong one.", where=row.where, fix="Correct the row.")
    options = sorted([right, *wrong])
    generator("options", *options).shuffle(options)
    return {"options": options, "gold": string.ascii_uppercase[options.index(right)]}


def parsed(text: Any) -> Any:
    """JSON inside a cell, as Guru and CSV files have it; the value itself if it is none."""
    if not isinstance(text, str) or text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return text


def passes(entry: FilterConfig, values: Mapping[str, Any], where: str) -> bool:
    """Whether a row fits a filter.

    Raises:
        DataError: the field is missing, or is no number where one is compared.
    """
    if entry.field not in values:
        raise DataError(
            f'the filter names the field "{entry.field}", which the row lacks.',
            where=where,
            fix=f"Fields: {', '.join(sorted(values))}.",
        )
    value = values[entry.field]
    length = len(str(value))
    if (entry.min_length is not None and length < entry.min_length) or (
        entry.max_length is not None and length > entry.max_length
    ):
        return False
    if entry.one_of is not None and value not in entry.one_of:
        return False
    if entry.minimum is None and entry.maximum is None:
        return True
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise DataError(
            f'the filter compares "{entry.field}", which should be a number. Found {value!r}.',
            where=where,
            fix="Filter another field, or correct the row.",
        ) from error
    return (entry.minimum is None or number >= entry.minimum) and (entry.maximum is None or number <= entry.maximum)
