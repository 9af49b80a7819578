"""Verdicts of verifiers that need no server and no sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from xdomain.config.domain_verifier import VerifierConfig
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.verifiers.build import build_verifier

R, W, M, U = Outcome.RIGHT, Outcome.WRONG, Outcome.MALFORMED, Outcome.UNSCORED


def verdict(settings: Mapping[str, Any], gold: str, completion: str) -> Verdict:
    """Judge one completion by the verifier that `settings` describe."""
    verifier = build_verifier(TypeAdapter[Any](VerifierConfig).validate_python(settings))
    return verifier.judge([Item("i", "p", gold)], [completion])[0]


def outcome(settings: Mapping[str, Any], gold: str, completion: str) -> Outcome:
    return verdict(settings, gold, completion).outcome
