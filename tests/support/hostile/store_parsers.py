"""Parsers of what lies in a store that others may write to, with hostile inputs for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.support.hostile.data_parsers import lines
from tests.support.hostile.mutate import documents, json_bytes
from tests.support.hostile.parsers import Parser, Run, from_file
from xdomain.core.errors import XDomainError
from xdomain.core.fingerprint import fingerprint
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.trained import read_schedule
from xdomain.evaluate.journal import Journal
from xdomain.generation.base import Completion, FinishReason
from xdomain.plan.stage import StageKind, StageRef
from xdomain.store.artifact import damaged_file
from xdomain.store.description import description
from xdomain.store.experiments import noted_experiments
from xdomain.store.holder import lease_damage, read_holder, read_lease
from xdomain.store.last_run import read_last_run
from xdomain.store.schema import MARKER, SCHEMA_VERSION
from xdomain.store.store import Store
from xdomain.store.stored import read_stage

KEY = "ab" * 32
STAGE = StageRef(kind=StageKind.BASE, key=KEY, title="base model")
LEASE = {"token": "t" * 32, "host": "h", "pid": 999_999_999, "started": 1.5}
PAYLOAD = {"kind": "base", "model": {"preset": "tiny_qwen3"}}
DESCRIBED = {
    "key": fingerprint(PAYLOAD),
    "kind": "base",
    "title": "base model",
    "payload": PAYLOAD,
    "needs": [],
    "done": {"seconds": 1.0, "summary": {}, "versions": {"xdomain": "1"}},
}
MANIFEST = {"stage.json": "ab" * 32, "checkpoints/step-000000/checkpoint.json": "cd" * 32}
FAILURE = {"time": 1.0, "cause": "error", "message": "it broke", "log": "logs/x.log"}
ATTEMPTS = [{"time": 1.0, "cause": "error"}, {"time": 2.0, "cause": "error"}]
ORIGIN = {"name": "smoke", "file": KEY, "settings": ["training.steps=2"]}
NOTED = {KEY: {"kind": "base", "title": "base model", "needs": []}}
TRAINED = [{"domain": "math", "index": n, "item": f"i{n}", "keys": ["0123456789abcdef"]} for n in range(4)]
PROMPTS = ["hash0", "hash1", "hash2"]
JOURNAL = [
    {
        "place": place,
        "prompt": prompt,
        "completions": [asdict(Completion("12", 2, FinishReason.STOP, None, 4))],
        "verdicts": [asdict(Verdict(Outcome.RIGHT, 1.0, "equal", "12"))],
    }
    for place, prompt in enumerate(PROMPTS)
]


def lease(path: Path) -> None:
    read_lease(path)
    read_holder(path)
    lease_damage(path)


def in_store(name: str, read: Callable[[Store], Any]) -> Callable[[Path], Run]:
    """Write each input as a file of an empty store, and read it."""

    def opened(folder: Path) -> Run:
        root = folder / "store"
        Store(root).create()

        def run(content: bytes) -> None:
            (root / name).write_bytes(content)
            read(Store(root))

        return run

    return opened


def failures(store: Store) -> None:
    store.failures.last(STAGE)
    store.failures.is_cancelled(STAGE)


def described(path: Path) -> None:
    description(path.parent)


def stored(path: Path) -> None:
    (path.parent / "done.json").write_text("{}")
    read_stage(path.parent)


def journal(path: Path) -> None:
    Journal(path.parent, PROMPTS).close()


REFUSED = (XDomainError, ValueError, OSError)
"""Errors that the callers of `description` and `read_schedule` turn into words."""

STORES = (
    Parser(
        "store.json", documents(({"schema": SCHEMA_VERSION},), json_bytes), in_store(MARKER, lambda store: store.exists)
    ),
    Parser("lease", documents((LEASE,), json_bytes), from_file("x.json", lease)),
    Parser("stage.json, checked", documents((DESCRIBED,), json_bytes), from_file("stage.json", described), REFUSED),
    Parser("stage.json, listed", documents((DESCRIBED,), json_bytes), from_file("stage.json", stored)),
    Parser(
        "manifest of digests",
        documents((MANIFEST,), json_bytes),
        from_file("manifest.json", lambda p: damaged_file(p.parent)),
    ),
    Parser("failure", documents((FAILURE,), json_bytes), in_store(f"failures/{STAGE.folder}.json", failures)),
    Parser(
        "attempts",
        documents((ATTEMPTS,), lines),
        in_store(f"attempts/{STAGE.folder}.jsonl", lambda s: s.failures.attempts(STAGE)),
    ),
    Parser(
        "settings of the last run",
        documents((ORIGIN,), json_bytes),
        in_store("settings/smoke.json", lambda s: read_last_run(s, "smoke")),
    ),
    Parser(
        "stages of an experiment",
        documents((NOTED,), json_bytes),
        in_store("experiments/smoke.json", noted_experiments),
    ),
    Parser("journal of an evaluation", documents((JOURNAL,), lines), from_file("answers.jsonl", journal)),
    Parser("schedule of a training", documents((TRAINED,), lines), from_file("schedule.jsonl", read_schedule), REFUSED),
)
