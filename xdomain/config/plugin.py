"""Kinds from other packages, with the same rules for verifiers, sources, strategies and backends.

A file writes `{kind: fuzzy, parameters: {...}}`. The package may register a model for its parameters in the entry point
group with ".parameters" appended, so that mistakes are found when the file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from xdomain.config.mistakes import PLUGIN, UNKNOWN_KEY, UNKNOWN_NAME, WRONG_KIND, mistake, mistakes, sentence
from xdomain.config.model_base import ConfigModel, PlainMapping
from xdomain.core.errors import PluginError
from xdomain.core.registry import Registry


class PluginParameters(ConfigModel):
    """Base class of the model that a package declares for its plugin's parameters.

    The module of the model is imported whenever a file that names the plugin is read, so it should not import heavy
    packages.
    """

    version: ClassVar[int] = 1
    """Version of the meaning of the parameters. Increment it when the same parameters, or the defaults, change their
    meaning. 1 is left out of identity. Verifiers have their version in `id` instead, and sources in `identity()`."""


class PluginConfig(ConfigModel):
    """Base class of a plugin's configuration in a file: its name and its parameters."""

    registry: ClassVar[Registry]
    key: ClassVar[str] = "kind"
    """Field that holds the plugin's name."""

    parameters: PlainMapping = Field(default_factory=dict)
    """Parameters of the plugin. They are checked by the model that its package declares, or else by the plugin when it
    is created. Values that equal the model's defaults are left out."""

    @model_validator(mode="before")
    @classmethod
    def check_parameters(cls, data: Any) -> Any:
        """Check the parameters with the plugin's model. Refuse them outside `parameters`."""
        if not isinstance(data, Mapping):
            return data
        name, parameters = data.get(cls.key), data.get("parameters", {})
        loose = sorted(str(key) for key in data if key not in cls.model_fields)
        if loose:
            what = f'"{loose[0]}" is not a key here. Write the settings of "{name}" under `parameters`.'
            raise mistake(UNKNOWN_KEY, what, loose[0])
        if not isinstance(name, str) or not isinstance(parameters, Mapping):
            return data
        return {**data, "parameters": checked_parameters(cls.registry, name, parameters)}

    @property
    def settings(self) -> Any:
        """Return the parameters as an instance of the plugin's model, or as a mapping if it has no model."""
        model = parameters_model(self.registry, getattr(self, self.key))
        return self.parameters if model is None else model.model_validate(self.parameters)

    @property
    def plugin_version(self) -> int:
        """Return the version in the model of the parameters; 1 if there is no model."""
        model = parameters_model(self.registry, getattr(self, self.key))
        return 1 if model is None else model.version


def parameters_model(registry: Registry, name: str) -> type[PluginParameters] | None:
    """Return the model that a plugin's package declares for its parameters; None if it declares none.

    Raises:
        PluginError: The model cannot be imported, or is not a PluginParameters class.
    """
    model = registry.load_parameters(name)
    if model is not None and not (isinstance(model, type) and issubclass(model, PluginParameters)):
        raise PluginError(
            f"the parameters of the {registry.kind} {registry.described(name)} should be a PluginParameters class.",
            fix=f"Correct that package (entry points {registry.group}.parameters).",
        )
    return model


def checked_parameters(
    registry: Registry, name: str, parameters: Mapping[str, Any], field: str = "parameters"
) -> dict[str, Any]:
    """Return a plugin's parameters after validation by its model, without defaults.

    Args:
        registry: Registry of the plugin's kind.
        name: Name of the plugin.
        parameters: Parameters to check.
        field: Key of the parameters in the file.

    Raises:
        ValueError: The plugin is broken.
        PydanticCustomError: A parameter is wrong. The error's context leads to the field.
    """
    try:
        model = parameters_model(registry, name)
    except PluginError as error:
        raise ValueError(error.paragraph()) from error
    if model is None:
        return dict(parameters)
    try:
        return model.model_validate(parameters).model_dump(mode="json", exclude_defaults=True)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise mistakes(((field, *each["loc"]), PLUGIN, sentence(each, model)) for each in found) from error


def known_kind(registry: Registry, key: str = "kind") -> Callable[[Any], Any]:
    """Return a validator that turns a bare name into a mapping, and refuses unknown names.

    A name is known if it is built in or an installed package registers it.
    """

    def check(value: Any) -> Any:
        if isinstance(value, str):
            value = {key: value}
        if isinstance(value, BaseModel):
            return value
        if not isinstance(value, Mapping) or not isinstance(value.get(key), str):
            known = ", ".join(registry.names())
            what = f"should be a {registry.kind}'s {key}, or a mapping with `{key}`. Known: {known}."
            raise mistake(WRONG_KIND, what)
        _refuse_unknown(registry, value[key], key)
        return value

    return check


def _refuse_unknown(registry: Registry, name: str, *below: str) -> None:
    """Raise an error if a name is neither built in nor installed. `below` leads from the value to the name."""
    try:
        registry.check(name)
    except PluginError as error:
        raise mistake(UNKNOWN_NAME, error.paragraph(), *below) from error


def kind_tag(registry: Registry, key: str = "kind") -> Callable[[Any], str]:
    """Return the discriminator of a union whose members are tagged by the built-in names in brackets and `PLUGIN`."""

    def tag(value: Any) -> str:
        name = value[key] if isinstance(value, Mapping) else getattr(value, key)
        return f"[{name}]" if name in registry.builtin else PLUGIN

    return tag


NAMED_IN = "named_in"
"""Key in a raw JSON schema that marks a text as a registered name. Its value is the entry point group of the registry.
`config.json_schema` replaces it by the known names."""


def named_in(registry: Registry) -> Any:
    """Return a field whose text must be a name in `registry`."""
    return Field(json_schema_extra={NAMED_IN: registry.group})


def names_itself(key: str = "kind") -> Callable[[dict[str, Any]], None]:
    """Return a function that makes `key` required in a model's JSON schema, although the model has a default."""

    def require(schema: dict[str, Any]) -> None:
        schema["required"] = [*schema.get("required", ()), key]

    return require


def known_name(registry: Registry) -> Any:
    """Return a validator that refuses names that are neither built in nor installed."""

    def check(name: str) -> str:
        _refuse_unknown(registry, name)
        return name

    return AfterValidator(check)
