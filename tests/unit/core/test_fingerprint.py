"""Canonical JSON and digests, which stage keys are made of."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from xdomain.core.fingerprint import canonical_json, file_digest, fingerprint, text_digest


def test_canonical_json_ignores_order_and_keeps_types_apart() -> None:
    assert canonical_json({"b": 1, "a": [True, None]}) == '{"a":[true,null],"b":1}'
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
    assert fingerprint({"a": 1}) != fingerprint({"a": True})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {1, 2}, Path("x"), b"x", object()])
def test_unstable_values_are_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="should"):
        canonical_json({"deep": [value]})


def test_digests_are_those_of_sha256(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes("é".encode())
    digest = hashlib.sha256("é".encode()).hexdigest()
    assert text_digest("é") == file_digest(tmp_path / "file") == digest
    assert fingerprint("e") == hashlib.sha256(b'"e"').hexdigest()


def test_lone_surrogates_are_told_apart() -> None:
    assert text_digest("\ud800") != text_digest("\ud801")
