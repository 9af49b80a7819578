"""Write the parts of the reference that are generated from models: `make docs`.

With `--check`, it writes nothing and exits with 1 if a committed file differs. A test calls this.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matrices_page import matrices_page
from python_reference import python_reference

from xdomain.analysis.result import result_schema
from xdomain.api.run_events import RUN_EVENT
from xdomain.api.schemas import KINDS, schema_text
from xdomain.config.json_schema import raw_schema
from xdomain.config.plugin import NAMED_IN
from xdomain.core.field_docs import add_field_docs

FOLDER = Path(__file__).parent / "reference"
CHOSEN = "Selects this kind."
"""Meaning of a field that has only one value, such as `kind: jsonl`."""
HEAD = """# The experiment file

Generated from the models in `xdomain/config` by `make docs`. Sections follow the order in which a file is written.
Unknown keys are refused. `${NAME}` in a text is replaced by the environment variable NAME.

Editors can complete and check a file against a JSON schema (draft 2020-12). `xdomain schema FILE --write` writes the
schema into the folder of the file, with the kinds that your installed packages add, and prints the line that the file
must begin with. Studies and domain files have separate schemas. The schemas in this folder know only the kinds of
xdomain itself. A schema refuses unknown keys, wrong types and unknown kinds. `xdomain grid plan` checks rules between
fields.

Short forms:

- `strategy: cgpo` stands for `strategies: [cgpo]`.
- The name of a verifier, a source or a strategy stands for a mapping with only its `kind` or `name`:
  `verifier: number`, `strategies: [joint, cgpo]`.
- `verifier: {function: "module:name"}` needs no `kind`.
- `domains: [math, {file: mine.yaml}]` names a registered domain, and a domain in a separate file.
- `fields: {question: q}` stands for `fields: {question: {column: q}}`.
- `limit: 200` limits every split.
- `answer_in: whole`, `reasoning: think` and `tasks: number_sorting` need no list for a single entry.
"""
Node = dict[str, Any]


def pages() -> dict[str, str]:
    """Return the text of each generated file, by file name."""
    return {f"{kind}.schema.json": schema_text(kind, plugins=False) for kind in KINDS} | {
        "experiment-file.md": reference_text(),
        "python.md": python_reference(),
        "matrices.md": matrices_page(),
        "run-events.schema.json": json.dumps(events_schema(), indent=1, sort_keys=True) + "\n",
        "report.schema.json": json.dumps(result_schema(), indent=1, sort_keys=True) + "\n",
    }


def events_schema() -> Node:
    schema = RUN_EVENT.json_schema()
    add_field_docs(schema)
    return schema


def reference_text() -> str:
    schema = raw_schema("experiment")
    titles = dict(sections(schema, "", schema["$defs"], set()))
    parts = [HEAD, *section("The whole file", schema, titles)]
    for name, title in titles.items():
        parts += section(title, schema["$defs"][name], titles)
    return "\n".join(parts)


def sections(node: Node, place: str, definitions: dict[str, Node], seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield each definition with its title (its path in the file), in the order in which a reader meets them."""
    for key, field in node["properties"].items():
        within = f"{place}.{key}".lstrip(".")
        for name in references(field):
            definition = definitions[name]
            if name not in seen and "properties" in definition:
                seen.add(name)
                yield name, f"{within}{of_kind(definition)}"
                yield from sections(definition, within, definitions, seen)


def of_kind(definition: Node) -> str:
    """Return the end of a title that distinguishes one form of a section from the others."""
    fields = definition["properties"]
    stated = next((fields[key] for key in ("kind", "name") if key in fields), {})
    if NAMED_IN in stated:
        return ": of another package"
    if "const" in stated:
        return f": {stated['const']}"
    return next((f": {key}" for key in ("function", "file") if key in fields), "")


def references(node: Any) -> Iterator[str]:
    """Return the names of the definitions that a field refers to, in their order."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for key, child in node.items():
            if key != "default":
                yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def section(title: str, definition: Node, titles: dict[str, str]) -> list[str]:
    """Return a heading, the model's docstring, and a table of its fields."""
    lines = [f"\n## {title}\n", one_line(definition.get("description", "")), ""]
    lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
    for key, field in definition["properties"].items():
        cells = kind(field, titles), default(key, field, definition), meaning(field)
        lines.append(f"| `{key}` | {' | '.join(map(cell, cells))} |")
    return lines


def meaning(field: Node) -> str:
    """Return a field's description. Fields with a single possible value share one."""
    return one_line(field.get("description", CHOSEN if "const" in field else ""))


def default(key: str, field: Node, definition: Node) -> str:
    """Return the default as JSON. The defaults inside a section are in that section's own table."""
    if key in definition.get("required", ()):
        return "required"
    value = field.get("default", {})
    return "" if isinstance(value, dict) else f"`{json.dumps(value)}`"


def kind(field: Node, titles: dict[str, str]) -> str:
    """Return a short description of a type."""
    if "$ref" in field:
        title = titles[field["$ref"].rsplit("/", 1)[1]]
        return f"[{title.rpartition(': ')[2]}](#{slug(title)})"
    if "const" in field or "enum" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    for several in ("anyOf", "oneOf"):
        if several in field:
            return " or ".join(dict.fromkeys(kind(each, titles) for each in field[several]))
    if field.get("type") == "array":
        return f"list of {kind(field['items'], titles)}" if "items" in field else "list"
    if isinstance(field.get("additionalProperties"), dict):
        return f"mapping of names to {kind(field['additionalProperties'], titles)}"
    limits = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    shown = [f"{sign} {field[name]:g}" for name, sign in limits.items() if name in field]
    return " ".join([field.get("type", "any"), *shown])


def slug(title: str) -> str:
    """Return the anchor that GitHub and MkDocs make of a heading."""
    return "".join(sign for sign in title.lower() if sign.isalnum() or sign in " -_").replace(" ", "-")


def one_line(text: str) -> str:
    return " ".join(text.split())


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(check: bool) -> int:
    """Write the files, or only compare them, and return the exit code."""
    differing = 0
    for file, text in pages().items():
        path = FOLDER / file
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            sys.stdout.write(f"{path} differs from the models: run `make docs`.\n")
            differing = 1
        if not check:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path}\n")
    return differing


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
