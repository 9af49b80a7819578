"""Configuration of a domain: a source of rows, a prompt template, a verifier and a reward."""

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
    """Dotted path in the row ("reward_model.ground_truth")."""
    pattern: RegularExpression | None = None
    """Keep group 1 (or all) of the last match of this regular expression; a row without a match is an error."""


class OptionsConfig(ConfigModel):
    """Options of a multiple-choice question that are in separate columns (GPQA).

    The field `options` becomes their list, in an order that depends only on their texts. `gold` becomes the letter of
    the right option.
    """

    right: str
    """Column of the right option."""
    wrong: tuple[str, ...] = Field(min_length=1, max_length=25)
    """Columns of the wrong options."""


class FilterConfig(ConfigModel):
    """A filter that keeps rows whose field meets all given conditions."""

    field: str
    """A mapped field, or "prompt" for the rendered prompt."""
    min_length: int | None = Field(default=None, ge=0)
    """Smallest length of a text in characters."""
    max_length: int | None = Field(default=None, ge=0)
    """Largest length of a text in characters."""
    minimum: float | None = None
    """Smallest value of a number, such as a difficulty, a pass rate or a year."""
    maximum: float | None = None
    """Largest value of a number."""
    one_of: tuple[str | int | float, ...] | None = None
    """Values of which the field must have one. A number and its text differ: 1 is not "1". Every value of a CSV file is
    text."""


class SplitShares(ConfigModel):
    """Shares of the distinct questions in dev and test, split by a hash. Train gets the rest.

    If the source has explicit train and test rows, only `dev` is used: that share of train is set aside, unless dev is
    explicit too.
    """

    dev: float = Field(default=0.1, ge=0, lt=1)
    """Share of the distinct questions that go to dev."""
    test: float = Field(default=0.2, ge=0, lt=1)
    """Share of the distinct questions that go to test. It has no effect if the source has explicit splits."""
    by: Literal["question", "prompt"] = "question"
    """Text that is hashed, ignoring case, width and white space. `question`: all mapped fields except gold, solution,
    cluster, id and system, so that a new template moves no row. `prompt`: the filled template."""

    @model_validator(mode="after")
    def leaves_train(self) -> SplitShares:
        if self.dev + self.test >= 1:
            raise ValueError(f"dev and test together should stay below 1. Found {self.dev + self.test:g}.")
        return self


class SplitLimits(ConfigModel):
    """Largest number of items per split. The first ones in file order are used."""

    train: int | None = Field(default=None, ge=1)
    """Largest number of train items; null keeps all."""
    dev: int | None = Field(default=None, ge=1)
    """Largest number of dev items; null keeps all."""
    test: int | None = Field(default=None, ge=1)
    """Largest number of test items; null keeps all."""


class DomainConfig(ConfigModel, defer_build=False):  # read by itself and within an experiment: one schema for both
    """A domain that is described in YAML, without Python code."""

    name: DomainName
    """Name in curricula: small letters, digits and "_", beginning with a letter."""
    description: str = ""
    """Description of the domain's task in one sentence."""
    source: SourceConfig
    """Origin of the rows: files, a Hugging Face data set, a generator, or another package."""
    fields: dict[str, FieldConfig] = Field(default_factory=dict)
    """Item fields by name: `gold`, and all fields that the template and the verifier use (`question`, `tests`,
    `solution`). `id` and `cluster` set the item's id and cluster. A bare text names a column. Sources with a known
    shape need no fields."""
    options: OptionsConfig | None = None
    """Multiple-choice options that are in separate columns and have no order yet."""
    template: str = "{{ question }}"
    """Sandboxed Jinja2 template over the fields, which makes the prompt. An undefined name is an error."""
    system: str | None = None
    """System message."""
    stop: tuple[str, ...] = ()
    """Stop texts. A completion ends before the first of them, in training and in evaluation."""
    solution: str = "{{ gold }}"
    """Jinja2 template over the fields that makes a right completion in the required form, for warm-up and checks."""
    verifier: VerifierConfig = SourceVerifier()
    """Verifier that judges completions. By default, the source's own. Only procedural, reasoning-gym and plugin sources
    may have one."""
    reward: RewardConfig = RewardShape()
    """A mapping of values, a function, or the name of a preset. "cgpo" picks the preset's table by verifier, and
    "cgpo/code" names a table."""
    filters: tuple[FilterConfig, ...] = ()
    """Filters. Only rows that pass all of them are used."""
    on_bad_row: Literal["refuse", "skip"] = "refuse"
    """Treatment of a row that cannot become an item, because its gold or a field that the template uses is null, two
    options are the same, or a pattern has no match. `refuse` raises an error. `skip` leaves the row out. `grid plan`,
    `domains check` and the report count such rows."""
    limit: SplitLimits = SplitLimits()
    """Largest number of items per split. A single number limits every split. By default, all items are used."""
    split: SplitShares = SplitShares()
    """Shares of dev and test, for sources without explicit splits."""
    allow_overlap: tuple[str, ...] = ()
    """Domains (this one included) whose test prompts may occur in this one's train split. Give the reason in a comment.
    """

    @field_validator("fields", mode="before", json_schema_input_type=dict[str, FieldConfig | str])
    @classmethod
    def bare_columns(cls, fields: object) -> object:
        """Accept the bare name of a column."""
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
        """Accept one number as the limit of every split."""
        return {"train": limit, "dev": limit, "test": limit} if isinstance(limit, int) else limit

    @model_validator(mode="after")
    def someone_judges(self) -> DomainConfig:
        brings_verifier = isinstance(self.source, ProceduralSource | ReasoningGymSource | PluginSource)
        if isinstance(self.verifier, SourceVerifier) and not brings_verifier:
            raise ValueError(f"a {self.source.kind} source has no verifier: `verifier` should name one.")
        return self


def _entry_tag(entry: Any) -> str | None:
    if isinstance(entry, str):
        return "[str]"
    return "[DomainConfig]" if isinstance(entry, Mapping | DomainConfig) else None


class DomainFile(ConfigModel):
    """A domain that is described in a separate file."""

    file: str
    """Path of the file, relative to the folder of the file that names it."""


def _whole_file(entry: Any) -> Any:
    """Refuse `file` together with other keys. An entry with only `file` was replaced by the file's content before."""
    if isinstance(entry, Mapping) and "file" in entry:
        others = ", ".join(f"`{key}`" for key in entry if key != "file") or "its path"
        raise ValueError(f"`file` should be a path and the only key. Remove {others}, or describe the domain here.")
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
"""The name of a registered domain, or the description of one, inline or in a separate file."""
