"""A domain as it stands in YAML: a source of rows, a prompt template, a verifier and a reward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from xdomain.config.domain_registry import DOMAINS
from xdomain.config.domain_reward import RewardConfig, RewardShape
from xdomain.config.domain_source import PluginSource, ProceduralSource, ReasoningGymSource, SourceConfig
from xdomain.config.domain_verifier import SourceVerifier, VerifierConfig
from xdomain.config.field_types import RegularExpression
from xdomain.config.mistakes import WRONG_KIND, mistakes, quoted, shown
from xdomain.config.model_base import ConfigModel
from xdomain.config.plugin import known_name, named_in

DomainName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class FieldConfig(ConfigModel):
    """One field of an item, read from a column of the row."""

    column: str
    """Dotted place in the row ("reward_model.ground_truth")."""
    pattern: RegularExpression | None = None
    """Keep group 1 (or all) of the last match of this regular expression; a row without a match is an error."""


class OptionsConfig(ConfigModel):
    """Answers to choose from, given in columns of their own (GPQA): `options` becomes a field, their list in an order
    that depends on their texts alone, and `gold` the letter of the right one."""

    right: str
    """Column of the right answer."""
    wrong: tuple[str, ...] = Field(min_length=1, max_length=25)
    """Columns of the others."""


class FilterConfig(ConfigModel):
    """Keep rows whose field fits; every condition given must hold."""

    field: str
    """A mapped field, or "prompt" for the rendered prompt."""
    min_length: int | None = Field(default=None, ge=0)
    """In characters."""
    max_length: int | None = Field(default=None, ge=0)
    """In characters."""
    minimum: float | None = None
    """For numbers: difficulty, pass rate, year."""
    maximum: float | None = None
    one_of: tuple[str | int | float, ...] | None = None


class SplitShares(ConfigModel):
    """Shares of the distinct questions, by a hash; train has the rest.

    With explicit train and test, only `dev` counts: that share of train is set aside, unless dev is explicit too.
    """

    dev: float = Field(default=0.1, ge=0, lt=1)
    test: float = Field(default=0.2, ge=0, lt=1)
    by: Literal["question", "prompt"] = "question"
    """Text that is hashed, without regard to case, width and white space. `question`: all mapped fields but gold,
    solution, cluster, id and system, so that a new template moves no row. `prompt`: the filled template."""

    @model_validator(mode="after")
    def leaves_train(self) -> SplitShares:
        if self.dev + self.test >= 1:
            raise ValueError(f"dev and test together should stay below 1. Found {self.dev + self.test:g}.")
        return self


class SplitLimits(ConfigModel):
    """At most so many items a split, the first in file order."""

    train: int | None = Field(default=None, ge=1)
    dev: int | None = Field(default=None, ge=1)
    test: int | None = Field(default=None, ge=1)


class DomainConfig(ConfigModel, defer_build=False):  # read by itself and within an experiment: one schema for both
    """A domain that is described rather than programmed."""

    name: DomainName
    """Name in curricula: small letters, digits and "_", beginning with a letter."""
    description: str = ""
    """What the domain asks, in a sentence."""
    source: SourceConfig
    fields: dict[str, FieldConfig] = Field(default_factory=dict)
    """Item fields by name: `gold` and whatever the template and the verifier use (`question`, `tests`, `solution`);
    `id` and `cluster` name columns for those. A bare text is a column. Sources with a known shape need none."""
    options: OptionsConfig | None = None
    """For multiple choice whose options are columns and have no order yet."""
    template: str = "{{ question }}"
    """Jinja2 over the fields, sandboxed; an undefined name is an error."""
    system: str | None = None
    """System message."""
    stop: tuple[str, ...] = ()
    """A completion ends before the first of these texts that it holds, in training and in evaluation."""
    solution: str = "{{ gold }}"
    """Jinja2 over the fields: a right completion in the demanded form, for warm-up and for checks."""
    verifier: VerifierConfig = SourceVerifier()
    reward: RewardConfig = RewardShape()
    """A shape, a function, or the name of a preset: "cgpo" picks its table by verifier, "cgpo/code" names it."""
    filters: tuple[FilterConfig, ...] = ()
    """Rows that do not fit are left out."""
    on_bad_row: Literal["refuse", "skip"] = "refuse"
    """Treatment of a row that cannot become an item: its gold or a field that the template writes is null, two
    options are the same, or a pattern has no match. `refuse` ends with an error. `skip` leaves the row out, and plan,
    check and report count such rows."""
    limit: SplitLimits = SplitLimits()
    split: SplitShares = SplitShares()
    allow_overlap: tuple[str, ...] = ()
    """Domains (this one included) whose test prompts may stand in this one's train split. Say why in a comment."""

    @field_validator("fields", mode="before", json_schema_input_type=dict[str, FieldConfig | str])
    @classmethod
    def bare_columns(cls, fields: object) -> object:
        """A field may be a bare column name."""
        if not isinstance(fields, dict):
            return fields
        wrong = {name: spec for name, spec in fields.items() if not isinstance(spec, str | Mapping | FieldConfig)}
        if wrong:
            what = "should be the name of a column, or a mapping with `column`. Found"
            found = {name: f"{what} {shown(spec)}.{quoted(spec)}" for name, spec in wrong.items()}
            raise mistakes(((name,), WRONG_KIND, each) for name, each in found.items())
        return {name: {"column": spec} if isinstance(spec, str) else spec for name, spec in fields.items()}

    @field_validator("limit", mode="before", json_schema_input_type=SplitLimits | Annotated[int, Field(ge=1)])
    @classmethod
    def one_limit(cls, limit: object) -> object:
        """A number limits every split."""
        return {"train": limit, "dev": limit, "test": limit} if isinstance(limit, int) else limit

    @model_validator(mode="after")
    def someone_judges(self) -> DomainConfig:
        brings_verifier = isinstance(self.source, ProceduralSource | ReasoningGymSource | PluginSource)
        if isinstance(self.verifier, SourceVerifier) and not brings_verifier:
            raise ValueError(f"a {self.source.kind} source brings no verifier of its own: `verifier` should name one.")
        return self


def _entry_tag(entry: Any) -> str | None:
    if isinstance(entry, str):
        return "[str]"
    return "[DomainConfig]" if isinstance(entry, Mapping | DomainConfig) else None


class DomainFile(ConfigModel):
    """A domain that a file of its own describes."""

    file: str
    """Its path, from the folder of the file that names it."""


def _whole_file(entry: Any) -> Any:
    """Refuse a file with more keys beside it; a file alone was replaced by what it holds."""
    if isinstance(entry, Mapping) and "file" in entry:
        others = ", ".join(f"`{key}`" for key in entry if key != "file") or "its path"
        raise ValueError(f"`file` names a text and stands alone; remove {others}, or write the domain out here.")
    return entry


RegisteredDomain = Annotated[str, known_name(DOMAINS), named_in(DOMAINS)]
_Entry = Annotated[
    Annotated[RegisteredDomain, Tag("[str]")] | Annotated[DomainConfig, Tag("[DomainConfig]")],
    Discriminator(
        _entry_tag,
        custom_error_type="domain",
        custom_error_message="should be the name of a domain, or a mapping with `name`, `source` and `verifier`",
    ),
]
DomainEntry = Annotated[
    _Entry, BeforeValidator(_whole_file, json_schema_input_type=RegisteredDomain | DomainConfig | DomainFile)
]
"""The name of a registered domain, or a domain that is described, here or in a file of its own."""
