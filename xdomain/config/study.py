"""Configuration of an observational study: pairs of a base and a tuned model, compared on groups of benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from xdomain.config.backend import EndpointAccess
from xdomain.config.domain import DomainEntry
from xdomain.config.domain_file import with_domain_files
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.execution import ExecutionConfig
from xdomain.config.field_types import FolderName
from xdomain.config.mistakes import RULE, Location, mistakes
from xdomain.config.model import DType
from xdomain.config.model_base import ConfigModel
from xdomain.config.validation import validate
from xdomain.config.variables import expand_variables
from xdomain.config.written import Written
from xdomain.config.yaml_file import read_yaml
from xdomain.core.registry import did_you_mean


class PairConfig(ConfigModel):
    """A tuned model and the model that it was tuned from.

    They are written as for `xdomain eval`. "hub:OWNER/NAME@REVISION" pins a revision.
    """

    name: str = Field(min_length=1)
    """Name of the pair in tables. It must be unique."""
    base: str = Field(min_length=1)
    """Model before tuning."""
    tuned: str = Field(min_length=1)
    """Model after tuning."""
    trained_on: tuple[str, ...] = Field(min_length=1)
    """Groups that the tuning data came from. Their benchmarks are in domain, and all others are out of domain."""


class StudyModel(ConfigModel):
    """Loading of a study's model, or access to its server. Defaults are those of an experiment."""

    dtype: DType | None = None
    """Type of the weights."""
    chat_template: bool | None = None
    """Use the tokenizer's chat template; by default, if it has one."""
    trust_remote_code: bool | None = None
    """Run the Python code that comes with the model."""
    endpoint: EndpointAccess | None = None
    """Access to the server, only for models behind an endpoint. The other fields are only for models with weights."""


class StudyConfig(ConfigModel):
    """A comparison of pairs of models on groups of benchmarks.

    Source: 2506.19733. What it calls a domain (math, code, knowledge) is a group here; each benchmark is a stratum of
    the Cochran-Mantel-Haenszel test.
    """

    name: FolderName
    """Name of the study and of its report folder: small letters, digits, "-" and "_"."""
    pairs: tuple[PairConfig, ...] = Field(min_length=1)
    """Pairs of models to compare."""
    groups: dict[str, tuple[str, ...]] = Field(min_length=1)
    """Benchmarks by group. They are names of entries of `domains`, and each is in exactly one group."""
    domains: tuple[DomainEntry, ...] = Field(min_length=1)
    """The benchmarks, described like the domains of an experiment."""
    samples: dict[str, int] = Field(default_factory=dict)
    """Samples per item, by benchmark, for small benchmarks that need more than `evaluation.samples`."""
    model: StudyModel = StudyModel()
    """Loading of every model, or access to its server. Checkpoints of the store need no settings."""
    own_settings: dict[str, StudyModel] = Field(default_factory=dict)
    """The same settings for single models, by their name in `pairs`. They override `model`."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """Evaluation of every model on every benchmark."""
    execution: ExecutionConfig = ExecutionConfig()
    """The executor that runs the evaluations, and the resources that each may use."""
    store: str | None = None
    """Folder for all results. By default $XDOMAIN_STORE, or else `./xdomain-store`."""

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Names of all benchmarks, in file order."""
        return tuple(entry if isinstance(entry, str) else entry.name for entry in self.domains)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model of the study, without repetition."""
        return tuple(dict.fromkeys(text for pair in self.pairs for text in (pair.base, pair.tuned)))

    def in_domain(self, pair: PairConfig) -> tuple[str, ...]:
        """Return the benchmarks of the groups that a pair was trained on."""
        return tuple(name for group in pair.trained_on for name in self.groups[group])

    def settings_of(self, model: str) -> dict[str, Any]:
        """Return the settings of a model: those for all models, overridden by those for this one."""
        own = self.own_settings.get(model, StudyModel())
        return self.model.model_dump(exclude_unset=True) | own.model_dump(exclude_unset=True)

    @model_validator(mode="after")
    def consistent(self) -> StudyConfig:
        if found := [*self._wrong_groups(), *self._wrong_names()]:
            raise mistakes((place, RULE, what) for place, what in found)
        return self

    def _wrong_groups(self) -> Iterator[tuple[Location, str]]:
        """Yield the location of each benchmark that is in no group, in two, or not under `domains`, with a message."""
        listed: set[str] = set()
        for group, members in self.groups.items():
            for index, name in enumerate(members):
                if name not in self.benchmarks:
                    yield ("groups", group, index), _not_under("domains", name, self.benchmarks)
                if name in listed:
                    yield ("groups", group, index), f'"{name}" is listed twice; a benchmark has one group.'
                listed.add(name)
        for index, name in enumerate(self.benchmarks):
            if name not in listed:
                yield ("domains", index), f'"{name}" has no group. Add it to one under `groups`.'

    def _wrong_names(self) -> Iterator[tuple[Location, str]]:
        """Yield the location of each pair, sample count and setting whose name is wrong, with a message."""
        names = [pair.name for pair in self.pairs]
        for index, pair in enumerate(self.pairs):
            if pair.name in names[:index]:
                yield ("pairs", index, "name"), f'the name "{pair.name}" is listed twice. Choose another.'
            for number, group in enumerate(pair.trained_on):
                if group not in self.groups:
                    yield ("pairs", index, "trained_on", number), _not_under("groups", group, self.groups)
        for name in self.samples:
            if name not in self.benchmarks:
                yield ("samples", name), _not_under("domains", name, self.benchmarks)
        for model in self.own_settings:
            if model not in self.models:
                yield ("own_settings", model), f"no pair has this model.{did_you_mean(model, self.models)}"


def _not_under(section: str, name: str, known: Iterable[str]) -> str:
    return f'"{name}" is not under `{section}`: {", ".join(known)}.{did_you_mean(name, known)}'


def load_study(path: Path) -> StudyConfig:
    """Read and validate the file of a study.

    Raises:
        ConfigError: The file cannot be read or is not YAML, a key is unknown, or a value is out of range.
    """
    written = Written.file(path)
    expanded = expand_variables(read_yaml(path), written)
    return validate(StudyConfig, with_domain_files(expanded, path.parent, written), written)
