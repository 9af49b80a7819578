"""Write the parts of the reference that follow from models: `make docs`.

With `--check` it writes nothing and ends with 1 where a committed file differs; a test calls that.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["XDOMAIN_FIELD_DOCS"] = "1"  # before the models are made

from xdomain.analysis.result import result_schema
from xdomain.api.run_events import RUN_EVENT
from xdomain.config.experiment import Experiment

FOLDER = Path(__file__).parent / "reference"
HEAD = """# The experiment file

Generated from the models in `xdomain/config` by `make docs`. Unknown keys are refused. `${NAME}` in a text expands
from the environment. Editors complete and check a file that begins with
`# yaml-language-server: $schema=<path to docs/reference/experiment.schema.json>`.
"""


def pages() -> dict[str, str]:
    """Every generated file with its text."""
    return {
        "experiment.schema.json": schema_text(),
        "experiment-file.md": reference_text(),
        "run-events.schema.json": events_text(),
        "report.schema.json": report_text(),
    }


def events_text() -> str:
    return json.dumps(RUN_EVENT.json_schema(), indent=1, sort_keys=True) + "\n"


def report_text() -> str:
    return json.dumps(result_schema(), indent=1, sort_keys=True) + "\n"


def schema_text() -> str:
    return json.dumps(Experiment.model_json_schema(), indent=1, sort_keys=True) + "\n"


def reference_text() -> str:
    schema = Experiment.model_json_schema()
    parts = [HEAD, *section("experiment", schema)]
    for name, definition in sorted(schema["$defs"].items()):
        if "properties" in definition:
            parts += section(name, definition)
    return "\n".join(parts)


def section(name: str, definition: dict[str, Any]) -> list[str]:
    """A heading, the model's docstring, and a table of its fields."""
    lines = [f"\n## {name}\n", one_line(definition.get("description", "")), ""]
    lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
    for key, field in definition["properties"].items():
        cells = kind(field), default(key, field, definition), one_line(field.get("description", ""))
        lines.append(f"| `{key}` | {' | '.join(map(cell, cells))} |")
    return lines


def default(key: str, field: dict[str, Any], definition: dict[str, Any]) -> str:
    """The default as JSON; a section's own table tells the defaults of what it holds."""
    if key in definition.get("required", ()):
        return "required"
    value = field.get("default", {})
    return "" if isinstance(value, dict) else f"`{json.dumps(value)}`"


def kind(field: dict[str, Any]) -> str:
    """A type in words, as short as it can be said."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    for several in ("anyOf", "oneOf"):
        if several in field:
            return " or ".join(dict.fromkeys(kind(each) for each in field[several]))
    if field.get("type") == "array":
        return f"list of {kind(field['items'])}" if "items" in field else "list"
    limits = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    shown = [f"{sign} {field[name]:g}" for name, sign in limits.items() if name in field]
    return " ".join([field.get("type", "any"), *shown])


def one_line(text: str) -> str:
    return " ".join(text.split())


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(check: bool) -> int:
    """Write the files, or only compare them; the exit code."""
    differing = 0
    for file, text in pages().items():
        path = FOLDER / file
        if check and path.read_text(encoding="utf-8") != text:
            sys.stdout.write(f"{path} differs from the models: run `make docs`.\n")
            differing = 1
        if not check:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path}\n")
    return differing


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
