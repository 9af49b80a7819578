"""Files that no `xdomain report --from` can read, each with the reason why."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.report_example import example_result

REPORT_BYTES = example_result(2, 1).model_dump_json().encode()
REPORT = json.loads(REPORT_BYTES)
CELL = ("matrices", "transfer", "cells", "math", "math")
HEADER = "curriculum,domain,accuracy,n_items\n"


def changed(value: Any, *path: str) -> bytes:
    """The report with one value replaced; a part of the path that is missing is made."""
    document = copy.deepcopy(REPORT)
    node = document
    for key in path[:-1]:
        node = node[int(key) if isinstance(node, list) else key]
    node[path[-1]] = value
    return json.dumps(document).encode()


def without(*path: str) -> bytes:
    document = copy.deepcopy(REPORT)
    node = document
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    return json.dumps(document).encode()


def rows(*more: dict[str, Any]) -> bytes:
    base = {"curriculum": "base", "domain": "math", "accuracy": 0.5, "n_items": 100}
    return json.dumps([base, *({**base, "curriculum": "math"} | each for each in more)]).encode()


def run(**more: Any) -> bytes:
    own = {"curriculum": "base", "samples": {"math": "samples.jsonl"}}
    return json.dumps({"runs": [own | more]}).encode()


CONTENT: dict[str, bytes] = {
    # No JSON, or not what it says.
    "empty.json": b"",
    "spaces.json": b"  \n ",
    "binary.json": bytes(range(256)),
    "null.json": b"null",
    "text.json": b'"report"',
    "number.json": b"17",
    "true.json": b"true",
    "nan.json": b"NaN",
    "list.json": b"[]",
    "list-of-lists.json": b"[[1, 2]]",
    "object.json": b"{}",
    "cut.json": json.dumps(REPORT).encode()[:5000],
    "utf16.json": json.dumps(REPORT).encode("utf-16"),
    "twice.json": b'{"meta": {}, "meta": {}, "summary": {}, "sentences": []}',
    "deep-lists.json": b"[" * 200_000,
    "deep-objects.json": b'{"a":' * 200_000,
    "deep-closed.json": b"[" * 900 + b"]" * 900,
    "deep-part.json": json.dumps(REPORT).encode()[:-1] + b', "more": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "long-integer.json": b'{"meta": {"schema_version": ' + b"9" * 5000 + b'}, "summary": {}, "sentences": []}',
    "two-documents.json": b"{}{}",
    # The report of an earlier report.
    "meta-null.json": changed(None, "meta"),
    "meta-list.json": changed([], "meta"),
    "schema-0.json": changed(0, "meta", "schema_version"),
    "schema-negative.json": changed(-1, "meta", "schema_version"),
    "schema-true.json": changed(True, "meta", "schema_version"),
    "schema-text.json": changed("2", "meta", "schema_version"),
    "schema-fraction.json": changed(2.0, "meta", "schema_version"),
    "schema-later.json": changed(99, "meta", "schema_version"),
    "schema-1.json": changed(1, "meta", "schema_version"),
    "matrices-list.json": changed([], "matrices"),
    "matrices-null.json": changed(None, "matrices"),
    "matrices-empty.json": changed({}, "matrices"),
    "accuracy-missing.json": without("matrices", "accuracy"),
    "accuracy-without-chance.json": without("matrices", "accuracy", "chance"),
    "matrix-name-path.json": changed(REPORT["matrices"]["transfer"] | {"name": "../../x"}, "matrices", "../../x"),
    "matrix-name-other.json": changed("change", "matrices", "transfer", "name"),
    "rows-twice.json": changed(["math", "math"], "matrices", "transfer", "rows"),
    "rows-number.json": changed(7, "matrices", "transfer", "rows"),
    "cells-elsewhere.json": changed({"physics": {}, "x": {"y": {}}}, "matrices", "transfer", "cells"),
    "cell-list.json": changed([], *CELL),
    "estimate-text.json": changed("much", *CELL, "estimate"),
    "estimate-nan.json": changed(float("nan"), *CELL, "estimate"),
    "estimate-infinite.json": changed(float("inf"), *CELL, "estimate"),
    "estimate-overflow.json": json.dumps(REPORT).encode().replace(b'"n_items": 300', b'"estimate": 1e999', 1),
    "interval-inverted.json": changed({"estimate": 0.0, "low": 0.9, "high": -0.9}, *CELL),
    "p-two.json": changed(2, *CELL, "p"),
    "items-negative.json": changed(-3, *CELL, "n_items"),
    "items-huge.json": changed(10**30, *CELL, "n_items"),
    "items-fraction.json": changed(1.5, *CELL, "n_items"),
    "word-unknown.json": changed("splendid", *CELL, "word"),
    "shown-more-than-tested.json": changed({"transfer": 10**6}, "summary", "shown"),
    "summary-missing-mean.json": without("summary", "mean_retention"),
    "summary-text.json": changed("good", "summary"),
    "effort-negative.json": changed(-1, "effort", "math", "steps"),
    "effort-of-itself.json": changed("math", "effort", "math", "parent"),
    "effort-list.json": changed([1], "effort"),
    "trajectory-of-nothing.json": changed("nothing", "trajectories", "0", "curriculum"),
    "trajectory-falls.json": changed([80, 40], "trajectories", "0", "phase_ends"),
    "checkpoint-of-nothing.json": changed("nothing", "checkpoints", "0", "run"),
    "domains-number.json": changed(3, "meta", "domains"),
    "sentences-objects.json": changed([{}], "sentences"),
    "unknown-key.json": changed(1, "meta", "colour"),
    # Accuracy tables.
    "columns-missing.csv": b"a,b\n1,2\n",
    "items-beyond-counting.csv": (HEADER + f"base,math,0.5,{10**200}\nmath,math,0.5,100\n").encode(),
    "columns-twice.csv": b"curriculum,curriculum,domain,accuracy,n_items\nbase,base,math,0.5,10\n",
    "zero-byte.csv": HEADER.encode() + b"base,math,0.5\0,10\n",
    "binary.csv": bytes(range(256)),
    "latin.csv": HEADER.encode() + "base,mathé,0.5,10\n".encode("latin-1"),
    "empty.csv": b"",
    "header-only.csv": HEADER.encode(),
    "cell-long.csv": HEADER.encode() + b"base," + b"m" * 200_000 + b",0.5,10\n",
    "accuracy-text.csv": HEADER.encode() + b"base,math,half,10\n",
    "accuracy-nan.csv": HEADER.encode() + b"base,math,nan,10\n",
    "accuracy-percent.csv": HEADER.encode() + b"base,math,50,10\n",
    "items-fraction.csv": HEADER.encode() + b"base,math,0.5,1.5\n",
    "items-zero.csv": HEADER.encode() + b"base,math,0.5,0\n",
    "items-many-digits.csv": HEADER.encode() + b"base,math,0.5," + b"9" * 5000 + b"\n",
    "rows-twice.csv": HEADER.encode() + b"base,math,0.5,10\nbase,math,0.6,10\n",
    "curriculum-arrow.csv": HEADER.encode() + b"->,math,0.5,10\n",
    "curriculum-long.csv": HEADER.encode() + b"base,math,0.5,10\n" + b" -> ".join([b"math"] * 2000) + b",math,0.5,10\n",
    "curriculum-dashes.csv": HEADER.encode() + b"base,math,0.5,10\n" + b"-" * 100_000 + b",math,0.5,10\n",
    "curriculum-steps.csv": HEADER.encode() + b"base,math,0.5,10\nmath@" + b"9" * 5000 + b",math,0.5,10\n",
    "any.txt": b"nothing\n",
    "accuracy-null.json": rows({"accuracy": None}),
    "accuracy-true.json": rows({"accuracy": True}),
    "accuracy-infinite.json": rows({"accuracy": float("inf")}),
    "accuracy-object.json": rows({"accuracy": {}}),
    "accuracy-negative.json": rows({"accuracy": -0.1}),
    "curriculum-list.json": rows({"curriculum": ["math"]}),
    "domain-object.json": rows({"domain": {"a": 1}}),
    # Manifests and their sample files.
    "runs-empty.json": b'{"runs": []}',
    "runs-null.json": b'{"runs": null}',
    "runs-text.json": b'{"runs": "math"}',
    "run-number.json": b'{"runs": [1]}',
    "samples-missing.json": b'{"runs": [{"curriculum": "base"}]}',
    "samples-empty.json": run(samples={}),
    "samples-number.json": run(samples={"math": 1}),
    "samples-absent.json": run(samples={"math": "absent.jsonl"}),
    "samples-device.json": run(samples={"math": "/dev/zero"}),
    "samples-folder.json": run(samples={"math": "."}),
    "samples-zero-byte.json": run(samples={"math": "a\0b"}),
    "samples-long-name.json": run(samples={"math": "a" * 5000}),
    "samples-memory.json": run(samples={"math": "/proc/self/mem"}),
    "samples-records.json": run(samples={"math": "/dev/zero/x.parquet"}),
    "seed-text.json": run(curriculum="math", seed="0"),
    "seed-huge.json": run(curriculum="math", seed=10**30),
    "curriculum-empty.json": run(curriculum=""),
    "metric-list.json": json.dumps({"runs": [{"curriculum": "base", "samples": {"m": "x"}}], "metric": []}).encode(),
    # Item records.
    "not.parquet": b"PAR1 no PAR1",
    "empty.parquet": b"",
    "one.jsonl": b'{"doc": 1}',
    # Published studies.
    "study-protocol.json": b'{"protocol": 1}',
    "study-tests.json": b'{"protocol": {"tests": {"math": [1]}}, "single": {}}',
    "study-strategies.json": b'{"protocol": {"tests": {}}, "strategies": []}',
}  # fmt: skip
"""Content by name of the file."""


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _unreadable(path: Path) -> None:
    path.write_bytes(b"{}")
    path.chmod(0)


def _large(path: Path) -> None:
    with path.open("wb") as handle:
        handle.truncate(50 << 30)


PLACED: dict[str, Callable[[Path], object]] = {
    "absent.json": lambda path: None,
    "folder.json": Path.mkdir,
    "pipe.json": os.mkfifo,
    "pipe.csv": os.mkfifo,
    "pipe.parquet": os.mkfifo,
    "device.json": lambda path: path.symlink_to("/dev/zero"),
    "device.csv": lambda path: path.symlink_to("/dev/zero"),
    "device.parquet": lambda path: path.symlink_to("/dev/zero"),
    "memory.json": lambda path: path.symlink_to("/proc/self/mem"),
    "loop.json": _loop,
    "dangling.json": lambda path: path.symlink_to("nowhere"),
    "unreadable.json": _unreadable,
    "large.json": _large,
    "large.csv": _large,
    "large.parquet": _large,
    "folder-of-nothing": Path.mkdir,
    "a" * 300 + ".json": lambda path: None,
}
"""How other things than plain files are made, by name."""
