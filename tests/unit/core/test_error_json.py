"""Errors that cross a process border as JSON."""

from __future__ import annotations

import inspect

import pytest

from xdomain.core import errors
from xdomain.core.error_json import error_from_json, error_to_json
from xdomain.core.errors import StageError, XDomainError

TREE = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, XDomainError)]


@pytest.mark.parametrize("kind", TREE)
@pytest.mark.parametrize("words", [{}, {"where": "file.yaml: a.b", "fix": 'Write "é".'}])
def test_every_class_of_the_tree_survives(kind: type[XDomainError], words: dict[str, str]) -> None:
    error = kind("is wrong.", **words)
    copy = error_from_json(error_to_json(error))
    assert type(copy) is kind
    assert (copy.what, copy.where, copy.fix, copy.exit_code) == (error.what, error.where, error.fix, error.exit_code)


def test_a_class_from_elsewhere_becomes_its_nearest_base_in_the_tree() -> None:
    class LocalError(StageError):
        pass

    copy = error_from_json(error_to_json(LocalError("went wrong.", fix="Try again.")))
    assert type(copy) is StageError
    assert copy.paragraph() == "went wrong. Try again."


def test_the_tree_is_not_empty() -> None:
    assert {"ConfigError", "DamagedArtifact", "Interrupted", "XDomainError"} <= {kind.__name__ for kind in TREE}
