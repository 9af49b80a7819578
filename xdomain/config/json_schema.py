"""JSON schemas (draft 2020-12) of the files that users write, generated from the models.

A schema accepts every file that the loader accepts, short forms included. It refuses unknown keys, wrong types and
unknown kinds. Only the loader checks rules between fields. `xdomain schema` prints a schema that includes the kinds
from installed packages. The committed schemas know only the built-in kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel

from xdomain.config.backend import BACKENDS
from xdomain.config.domain import DomainConfig
from xdomain.config.domain_registry import DOMAINS, GENERATORS
from xdomain.config.domain_reward import PRESETS, load_preset, preset_names
from xdomain.config.domain_source import SOURCES
from xdomain.config.domain_verifier import VERIFIERS
from xdomain.config.experiment import Experiment
from xdomain.config.plugin import NAMED_IN, parameters_model
from xdomain.config.strategy import STRATEGIES
from xdomain.config.study import StudyConfig
from xdomain.config.variables import VARIABLE
from xdomain.core.errors import PluginError
from xdomain.core.field_docs import add_field_docs
from xdomain.core.registry import Registry

Kind = Literal["experiment", "study", "domain"]
Schema = dict[str, Any]
VARIABLE_TEXT = "A text with an environment variable, `${NAME}`, which is expanded when the file is read."

MODELS: Mapping[Kind, type[BaseModel]] = {"experiment": Experiment, "study": StudyConfig, "domain": DomainConfig}
REGISTRIES = {each.group: each for each in (DOMAINS, SOURCES, GENERATORS, VERIFIERS, STRATEGIES, BACKENDS)}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPANDED = {"$ref": "#/$defs/Variable"}
"""Schema of a text with a variable. Its value is only known when the file is read."""


def json_schema(kind: Kind, *, plugins: bool = True) -> Schema:
    """Return the schema of a kind of file.

    Args:
        kind: Kind of file.
        plugins: Whether to include kinds and names from installed packages.
    """
    schema = raw_schema(kind)
    unions = {group: union for node in _nodes(schema) if "oneOf" in node for group, union in _unions(node, schema)}
    for union in unions.values():
        union.open(schema, plugins)

    def change(node: Schema) -> Schema:
        if "oneOf" in node:  # an object may match two forms, which `oneOf` would refuse
            replaced = next((union for union in unions.values() if union.plugin in node["oneOf"]), None)
            members = node.pop("oneOf")
            node["anyOf"] = members if replaced is None else replaced.members
        if NAMED_IN in node:
            node["enum"] = _names(node.pop(NAMED_IN), unions, plugins)
        return _simple(node)

    schema = _changed(schema, change)
    schema["$defs"]["Variable"] = {"description": VARIABLE_TEXT, "type": "string", "pattern": VARIABLE.pattern}
    return {"$schema": DIALECT, "title": f"xdomain {kind}"} | schema


def raw_schema(kind: Kind) -> Schema:
    """Return a schema as pydantic makes it, with field descriptions, but without registered names and variables."""
    schema = MODELS[kind].model_json_schema()
    add_field_docs(schema, MODELS[kind])
    return schema


class Union:
    """The forms of a verifier, a source or a strategy. One of them is for kinds from other packages.

    Attributes:
        key: Field that names the kind.
        plugin: Reference to the model of a plugin's kind.
        members: References to the models of the built-in kinds.
        bare: Kinds that need no further field, so that a file may write only their name.
    """

    def __init__(self, registry: Registry, key: str, plugin: Schema, members: list[Schema], schema: Schema) -> None:
        self.registry, self.key, self.plugin, self.members = registry, key, plugin, members
        self.bare: list[str] = []
        for found in (_target(member, schema) for member in members):
            name = found["properties"][key]["const"]
            found["properties"][key] = {"const": name}  # without a type, so that `_simple` does not change it
            self.bare += [name] if set(found["required"]) == {key} else []

    def open(self, schema: Schema, plugins: bool) -> None:
        """Replace the general model of plugins by the kinds from installed packages, if `plugins`."""
        general = schema["$defs"].pop(self.plugin["$ref"].rpartition("/")[2])
        for name in sorted(self.registry.plugins()) if plugins else ():
            place = f"{self.registry.kind}.{name}"
            fields = {**general["properties"], self.key: {"const": name}}
            model = _parameters(self.registry, name)
            if model is not None:
                fields["parameters"] = model.model_json_schema(ref_template=f"#/$defs/{place}.{{model}}")
                inner = fields["parameters"].pop("$defs", {})
                schema["$defs"] |= {f"{place}.{each}": definition for each, definition in inner.items()}
            schema["$defs"][place] = {**general, "properties": fields}
            self.members.append({"$ref": f"#/$defs/{place}"})
            self.bare.append(name)
        expanded = {"type": "object", "properties": {self.key: EXPANDED}, "required": [self.key]}
        self.members.append(expanded)


def _parameters(registry: Registry, name: str) -> type[BaseModel] | None:
    """Return the model of a plugin's parameters; None if it cannot be loaded.

    The loader reports a broken plugin for each file that names it.
    """
    try:
        return parameters_model(registry, name)
    except PluginError:
        return None


def _unions(node: Schema, schema: Schema) -> Iterator[tuple[str, Union]]:
    """Yield the union of kinds that a node is, with the entry point group of its registry."""
    for reference in node["oneOf"]:
        fields = _target(reference, schema).get("properties", {})
        for key in fields if "parameters" in fields else ():
            if NAMED_IN in fields[key]:
                group = fields[key][NAMED_IN]
                members = [each for each in node["oneOf"] if each != reference]
                yield group, Union(REGISTRIES[group], key, reference, members, schema)


def _target(reference: Schema, schema: Schema) -> Schema:
    """Return the definition that a reference leads to; any other node unchanged."""
    found: Schema = schema["$defs"][reference["$ref"].rpartition("/")[2]] if "$ref" in reference else reference
    return found


def _names(group: str, unions: Mapping[str, Union], plugins: bool) -> list[str]:
    if group == PRESETS:
        return [name for each in preset_names() for name in (each, *(f"{each}/{x}" for x in load_preset(each).tables))]
    if group in unions:
        return unions[group].bare
    return REGISTRIES[group].names() if plugins else sorted(REGISTRIES[group].builtin)


def _simple(node: Schema) -> Schema:
    """Remove pydantic's additions, and accept a variable for each value."""
    if isinstance(node.get("title"), str):
        del node["title"]
    if isinstance(node.get("default"), dict):  # the fields of the section state their defaults
        del node["default"]
    about = {key: node.pop(key) for key in ("description", "default", "deprecated") if key in node}
    if node.get("type") in ("integer", "number", "boolean"):
        node |= {"type": [node["type"], "string"], "pattern": VARIABLE.pattern}
    elif node.get("type") == "string" and node.keys() & {"const", "enum", "pattern", "minLength", "maxLength"}:
        node = {"anyOf": [node, EXPANDED]}
    if "anyOf" in node:
        members = [inner for each in node["anyOf"] for inner in (each["anyOf"] if each.keys() == {"anyOf"} else [each])]
        node["anyOf"] = [each for index, each in enumerate(members) if each not in members[:index]]
    return about | node


def _nodes(node: Schema) -> Iterator[Schema]:
    """Yield every schema inside a schema."""
    yield node
    for child in _children(node).values():
        yield from _nodes(child)


def _children(node: Schema) -> dict[tuple[str, Any], Schema]:
    """Return the schemas directly inside a schema, by their path."""
    found = {(key, name): each for key in ("properties", "$defs") for name, each in node.get(key, {}).items()}
    lists = ("anyOf", "oneOf", "allOf", "prefixItems")
    found |= {(key, index): each for key in lists for index, each in enumerate(node.get(key, ()))}
    single = ("items", "additionalProperties")
    return found | {(key, None): node[key] for key in single if isinstance(node.get(key), dict)}


def _changed(node: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a schema with `change` applied to every schema in it, inner ones first."""
    new: Schema = {
        key: dict(value) if isinstance(value, dict) else [*value] if isinstance(value, list) else value
        for key, value in node.items()
    }
    for (key, name), child in _children(node).items():
        if name is None:
            new[key] = _changed(child, change)
        else:
            new[key][name] = _changed(child, change)
    return change(new)
