"""The error tree: one paragraph, an exit code, and no loss between processes."""

from __future__ import annotations

import pickle

import pytest

from xdomain.core import errors
from xdomain.core.errors import ConfigError, StoreError


def test_words_of_others_stay_in_one_paragraph() -> None:
    assert StoreError("squeue said:\n  no\n\n  answer.", where="here").paragraph() == "here: squeue said: no answer."


def test_errors_survive_pickling_with_their_paragraph() -> None:
    error = ConfigError("is wrong.", where="file.yaml: a.b", fix="Mend it.")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "file.yaml: a.b: is wrong. Mend it."
    assert copy.exit_code == 2


@pytest.mark.parametrize(
    ("name", "code"),
    [("StageError", 1), ("DataError", 2), ("DamagedArtifact", 2), ("DependencyMissing", 3), ("GateRefuted", 4),
     ("GateUndecided", 5), ("Interrupted", 130)],
)  # fmt: skip
def test_exit_codes_are_those_of_the_documentation(name: str, code: int) -> None:
    assert getattr(errors, name).exit_code == code
