"""Configuration of a domain's source of rows, with one model per kind of source."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from xdomain.config.domain_registry import GENERATORS
from xdomain.config.mistakes import PLUGIN
from xdomain.config.model_base import ConfigModel, PlainMapping
from xdomain.config.plugin import PluginConfig, kind_tag, known_kind, known_name, named_in
from xdomain.core.registry import Registry

SOURCES = Registry(
    "source",
    {
        "csv": "xdomain.domains.sources.csv:CsvRows",
        "hf": "xdomain.domains.sources.hf:HfRows",
        "json": "xdomain.domains.sources.json:JsonRows",
        "jsonl": "xdomain.domains.sources.jsonl:JsonlRows",
        "parquet": "xdomain.domains.sources.parquet:ParquetRows",
        "procedural": "xdomain.domains.sources.procedural:ProceduralRows",
        "reasoning_gym": "xdomain.domains.sources.reasoning_gym:ReasoningGymRows",
        "verl": "xdomain.domains.sources.verl:VerlRows",
    },
    "xdomain.sources",
)
"""A target takes the source's configuration (a plugin's: `PluginSource`) and makes a `Source`."""

Paths = str | tuple[str, ...]
"""One path, or several that are read one after another. In YAML, paths are relative to the file, and `${NAME}` is
expanded."""

COMMIT_PATTERN = re.compile(r"[0-9a-f]{40}")


class FileSource(ConfigModel):
    """Files with rows: either `path` (one pool, split by hash), or explicit `train`, `dev` and `test` files."""

    path: Paths | None = None
    """Rows that are split by a hash of their question."""
    train: Paths | None = None
    """Rows to train on. Without `dev`, a hashed share of them is set aside as dev."""
    dev: Paths | None = None
    """Rows for alarms, adaptive weights and tuning."""
    test: Paths | None = None
    """Rows to evaluate on."""

    @model_validator(mode="after")
    def pool_or_splits(self) -> FileSource:
        explicit = (self.train, self.dev, self.test)
        if self.path is None and all(part is None for part in explicit):
            raise ValueError("should name files: either `path`, or `train`, `dev` and `test`. Found none.")
        if self.path is not None and any(part is not None for part in explicit):
            raise ValueError("should name either `path` or `train`, `dev` and `test`. Found both.")
        return self


class JsonlSource(FileSource):
    """A file with one JSON object per line; it may be compressed (`.gz`)."""

    kind: Literal["jsonl"]


class JsonSource(FileSource):
    """A JSON document that holds a list of objects; it may be compressed (`.gz`)."""

    kind: Literal["json"]
    records: str = ""
    """Dotted path of the list inside the document ("examples"); "" if the document is the list."""


class CsvSource(FileSource):
    """A file of comma-separated values with a header line. Every value is text."""

    kind: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Character between two cells, such as ";", or "\\t" for a tab."""


class ParquetSource(FileSource):
    """Parquet files."""

    kind: Literal["parquet"]


class VerlSource(FileSource):
    """Rows of verl, Guru, SkyRL and DAPO (Parquet or JSONL): chat prompt, data_source, reward_model.ground_truth."""

    kind: Literal["verl"]
    data_sources: tuple[str, ...] | None = None
    """Keep only rows whose `data_source` is one of these."""


class HfSource(ConfigModel):
    """A Hugging Face data set, by id and pinned commit. It is read from the local cache if there is no network."""

    kind: Literal["hf"]
    id: str
    """Id such as "openai/gsm8k", or a local folder in a layout that `datasets.load_dataset` reads."""
    config: str | None = None
    """Name of the data set's configuration, such as "main"; null uses its default one. A data set with several and no
    default needs it."""
    revision: str | None = None
    """Full commit hash. A branch is refused, because its content may change. Not used for a local folder."""
    pool: str | None = None
    """Name of a split that is split again by hash, instead of `train` and `test`."""
    train: str | None = None
    """Name of the split to train on. Without `dev`, a hashed share of it is set aside as dev."""
    dev: str | None = None
    """Name of the split for alarms, adaptive weights and tuning."""
    test: str | None = None
    """Name of the split to evaluate on."""

    @field_validator("revision")
    @classmethod
    def pinned(cls, revision: str | None) -> str | None:
        if revision is not None and not COMMIT_PATTERN.fullmatch(revision):
            raise ValueError(f'should be a full commit hash (40 hex digits). Found "{revision}".')
        return revision

    @model_validator(mode="after")
    def pool_or_splits(self) -> HfSource:
        explicit = [part for part in (self.train, self.dev, self.test) if part is not None]
        if (self.pool is None) == (not explicit):
            raise ValueError("should name either `pool` or some of `train`, `dev` and `test`.")
        return self


class PackTask(ConfigModel):
    """One reasoning-gym task in a pack."""

    name: str
    """Name of the task in reasoning-gym. Some are refused, for example if their scorer runs the answer as code."""
    weight: float = Field(default=1.0, gt=0)
    """Share of the rows, relative to the weights of the other tasks. Every task gets at least one row."""
    parameters: PlainMapping = Field(default_factory=dict)
    """Configuration of the task, with the fields of its reasoning-gym config class."""


class ReasoningGymSource(ConfigModel):
    """Procedural tasks of the `reasoning-gym` package, split by hash."""

    kind: Literal["reasoning_gym"]
    tasks: tuple[PackTask, ...] = Field(min_length=1)
    """Tasks that the rows are drawn from. The name of a task stands for a mapping with only its `name`."""
    size: int = Field(default=2000, ge=10)
    """Number of rows drawn over all tasks, before duplicates are removed."""
    seed: int = Field(default=0, ge=0)
    """Seed that the rows are drawn from. It is independent of the training seeds."""

    @field_validator("tasks", mode="before", json_schema_input_type=str | tuple[str | PackTask, ...])
    @classmethod
    def short_form(cls, tasks: object) -> object:
        """Accept the bare name of a task."""
        if isinstance(tasks, str):
            tasks = [tasks]
        if not isinstance(tasks, list | tuple):
            return tasks
        return [{"name": task} if isinstance(task, str) else task for task in tasks]


class ProceduralSource(ConfigModel):
    """A generator of procedural items, built in or from a plugin (entry points `xdomain.generators`)."""

    kind: Literal["procedural"]
    generator: Annotated[str, known_name(GENERATORS), named_in(GENERATORS)]
    """Name of the generator, such as "arithmetic" or "truth"."""
    level: int | None = Field(default=None, ge=1)
    """Difficulty; null uses the generator's default."""
    sizes: tuple[int, int, int] = (4000, 500, 1000)
    """Number of distinct items in train, dev and test."""

    @field_validator("sizes")
    @classmethod
    def positive(cls, sizes: tuple[int, int, int]) -> tuple[int, int, int]:
        if min(sizes) < 1:
            raise ValueError(f"should be at least 1 each. Found {sizes}.")
        return sizes


class PluginSource(PluginConfig):
    """A source that another package registers under the entry points `xdomain.sources`."""

    registry: ClassVar[Registry] = SOURCES

    kind: Annotated[str, named_in(SOURCES)]
    """Name under which the package registers the source."""
    folder: str | None = None
    """Folder of the file that names the source, filled in when the file is read. The plugin's relative paths start
    there."""


_Kinds = Annotated[
    Annotated[JsonlSource, Tag("[jsonl]")]
    | Annotated[JsonSource, Tag("[json]")]
    | Annotated[CsvSource, Tag("[csv]")]
    | Annotated[ParquetSource, Tag("[parquet]")]
    | Annotated[VerlSource, Tag("[verl]")]
    | Annotated[HfSource, Tag("[hf]")]
    | Annotated[ReasoningGymSource, Tag("[reasoning_gym]")]
    | Annotated[ProceduralSource, Tag("[procedural]")]
    | Annotated[PluginSource, Tag(PLUGIN)],
    Discriminator(kind_tag(SOURCES)),
]
_Forms = Annotated[str, named_in(SOURCES)] | _Kinds
SourceConfig = Annotated[_Kinds, BeforeValidator(known_kind(SOURCES), json_schema_input_type=_Forms)]
