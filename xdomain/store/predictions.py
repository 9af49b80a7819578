"""Keep an experiment's predictions, which are written once and never replaced.

predictions/<name>.json    the record, with its time and digest
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, write_json
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.graph import Plan
from xdomain.plan.predictions import Prediction, Predictions, record_name
from xdomain.store.store import Store

RECORD = TypeAdapter(Predictions)


def write_predictions(store: Store, plan: Plan, reads: Sequence[str], predictions: Sequence[Prediction]) -> Predictions:
    """Write the predictions of a plan, unless they were written before.

    Args:
        store: The store.
        plan: Plan of the experiment.
        reads: Keys of the stages that the predictors read.
        predictions: The predictions.

    Returns:
        The record in the store: this one, or the one that another session wrote first.

    Raises:
        StoreError: The record cannot be written, or an earlier one was changed.
    """
    path = _path(store, plan)
    written = datetime.now(UTC).isoformat(timespec="seconds")
    record = Predictions(plan.experiment.name, written, tuple(sorted(reads)), tuple(predictions), digest="")
    content = _content(record)
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        write_json(temporary, content | {"digest": fingerprint(content)}, indent=1)
        try:
            os.link(temporary, path)  # unlike a rename, this fails if the record exists
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=str(path)) from error
    found = read_predictions(store, plan)
    assert found is not None
    return found


def read_predictions(store: Store, plan: Plan) -> Predictions | None:
    """Return the predictions of a plan; None if none were written, or the experiment has no predictors.

    Raises:
        StoreError: The record is corrupt, or was changed after it was written.
    """
    if not plan.experiment.analysis.predictors:
        return None
    path = _path(store, plan)
    try:
        record = RECORD.validate_python(read_json(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        raise StoreError("is not a record of predictions.", where=str(path), fix=_FIX) from error
    if fingerprint(_content(record)) != record.digest:
        raise StoreError("was changed after it was written: its digest differs.", where=str(path), fix=_FIX)
    return record


_FIX = "Restore the file from a backup. If you delete it, `grid run` makes predictions again and marks them as late."


def _content(record: Predictions) -> dict[str, Any]:
    """Return the record as plain JSON without its digest."""
    content: dict[str, Any] = RECORD.dump_python(record, mode="json", exclude={"digest"})
    return content


def _path(store: Store, plan: Plan) -> Path:
    return store.root / "predictions" / f"{record_name(plan)}.json"
