"""Parsers of rows, records and results from elsewhere, with hostile inputs for each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.support.domains_from_rows import domain, items
from tests.support.hostile.mutate import documents, files, json_bytes
from tests.support.hostile.parsers import Parser, Run, from_file
from tests.support.records import RECORD
from xdomain.analysis.reference import REFERENCES
from xdomain.api.results import analyse
from xdomain.config.model import ModelConfig
from xdomain.core.files import read_json
from xdomain.core.parquet import write_records
from xdomain.domains.templates import render
from xdomain.plan.model_shape import shape_of
from xdomain.resolve.identities import model_identity

ROWS = [{"q": f"What is {n} + {n}?", "a": str(2 * n), "options": ["1", "2"], "level": n / 2} for n in range(12)]
TABLE = [
    {"curriculum": run, "domain": name, "accuracy": 0.5, "n_items": 100}
    for run in ("base", "math", "logic", "math -> logic", "math + logic")
    for name in ("math", "logic")
]
SAMPLE = {
    "doc_id": 0,
    "doc": {"question": "1 + 1?"},
    "doc_hash": "ab",
    "prompt_hash": "cd",
    "target": "2",
    "arguments": [["1 + 1?", {"until": []}]],
    "resps": [["2"]],
    "filtered_resps": ["2"],
    "filter": "none",
    "metrics": ["exact_match"],
    "exact_match": 1.0,
}
SAMPLES = [SAMPLE | {"doc_id": n, "doc_hash": f"{n}", "exact_match": float(n % 2)} for n in range(6)]
MANIFEST: dict[str, Any] = {
    "name": "mine",
    "runs": [
        {"curriculum": "base", "samples": {"math": "samples.jsonl"}},
        {"curriculum": "math", "seed": 0, "samples": {"math": ["samples.jsonl"]}, "checkpoint": "k@4"},
    ],
    "metric": {"math": "exact_match"},
    "filter": {"math": "none"},
}


def lines(rows: Any) -> bytes:
    """JSON lines of a list; anything else is one line."""
    return b"".join(json_bytes(row) + b"\n" for row in (rows if isinstance(rows, list) else [rows]))


def csv_bytes(rows: Any) -> bytes:
    """CSV of a list of objects; other values as one cell."""
    entries = rows if isinstance(rows, list) and rows else [rows]
    header = list(entries[0]) if isinstance(entries[0], dict) else ["value"]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([header, *(each.values() if isinstance(each, dict) else [each] for each in entries)])
    return buffer.getvalue().encode("utf-8", "replace")


def parquet_bytes(rows: Any) -> bytes:
    """Parquet of rows that pyarrow can hold; else JSON."""
    try:
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), buffer)
        return buffer.getvalue()
    except (pa.ArrowException, AttributeError, TypeError, ValueError, OverflowError):
        return json_bytes(rows)


def rows_of(kind: str) -> Callable[[Path], Run]:
    """Read a data file of this kind as a domain."""

    def read(path: Path) -> None:
        items(domain({"kind": kind, "path": str(path)}, on_bad_row="skip"))

    return from_file(f"rows.{kind}", read)


def records() -> bytes:
    """A Parquet file of item records."""
    found = [
        replace(RECORD, checkpoint=name, item_id=str(n), cluster_id=str(n), score=float(n % 2), outcome="right")
        for name in ("base@0", "math@4")
        for n in range(5)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.parquet"
        write_records(path, found)
        return path.read_bytes()


def record_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(records())).to_pylist()
    return rows


def manifest(folder: Path) -> Run:
    (folder / "samples.jsonl").write_bytes(lines(SAMPLES))
    return from_file("manifest.json", analyse)(folder)


def samples(folder: Path) -> Run:
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"runs": MANIFEST["runs"][:1]}))

    def run(content: bytes) -> None:
        (folder / "samples.jsonl").write_bytes(content)
        analyse(folder / "manifest.json")

    return run


def configuration(folder: Path) -> Run:
    """Read `config.json` as planning does: for the model's identity and for its size."""

    def run(content: bytes) -> None:
        (folder / "config.json").write_bytes(content)
        model_identity(ModelConfig(path=str(folder)))
        shape_of(read_json(folder / "config.json"))

    return run


def template(folder: Path) -> Run:
    return lambda text: render(text, {"question": "1 + 1?", "options": ["1", "2"], "missing": None}, where="row 1")


PUBLISHED = tuple(
    json.loads((resources.files("xdomain.analysis") / "reference" / name).read_text(encoding="utf-8"))
    for name in REFERENCES.values()
)
CONFIGURATION = {
    "model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "num_attention_heads": 4, "hidden_size": 64,
    "num_hidden_layers": 2, "intermediate_size": 128, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 100,
    "max_position_embeddings": 512, "tie_word_embeddings": True, "attention_bias": False,
}  # fmt: skip
PIECES = (
    "{{ ", " }}", "{% ", " %}", "for x in ", "range(10**9)", "question", "options", "missing", "loop.index",
    "'a' * 10**9", "if ", "else", "endif", "endfor", "set x = ", "macro m(x)", "endmacro", "m(1)", "| upper",
    "| length", "| join(', ')", "| tojson", "| default('')", "[0] * 10**9", "10**10**10", "x", ".__class__", " ",
    "['__init__']", "namespace(x=1)",
    "| format(1)", "'%1000000000d'", "| replace('', 'ab' * 10**6)", "cycler('a')", "lipsum(10**6)", "dict(a=1)", "\n",
)  # fmt: skip

DATA = (
    Parser("rows (JSON lines)", documents((ROWS,), lines), rows_of("jsonl")),
    Parser("rows (JSON)", documents((ROWS,), json_bytes), rows_of("json")),
    Parser("rows (CSV)", documents((ROWS,), csv_bytes), rows_of("csv")),
    Parser("rows (Parquet)", documents((ROWS,), parquet_bytes), rows_of("parquet")),
    Parser("domain template", st.lists(st.sampled_from(PIECES), max_size=12).map("".join), template),
    Parser("item records (Parquet)", documents((record_rows(),), parquet_bytes), from_file("x.parquet", analyse)),
    Parser("item records, damaged", files((records(),)), from_file("x.parquet", analyse)),
    Parser("accuracy table (CSV)", documents((TABLE,), csv_bytes), from_file("x.csv", analyse)),
    Parser("accuracy table (JSON)", documents((TABLE,), json_bytes), from_file("x.json", analyse)),
    Parser("published study (JSON)", documents(PUBLISHED, json_bytes), from_file("x.json", analyse)),
    Parser("manifest of samples", documents((MANIFEST,), json_bytes), manifest),
    Parser("lm-eval samples", documents((SAMPLES,), lines), samples),
    Parser("model configuration", documents((CONFIGURATION,), json_bytes), configuration),
)
