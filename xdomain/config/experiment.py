"""Configuration of an experiment, as its file contains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from xdomain.config.adopted import AdoptedRun
from xdomain.config.analysis import AnalysisConfig
from xdomain.config.curriculum import Curriculum
from xdomain.config.domain import DomainEntry
from xdomain.config.domain_registry import DOMAINS
from xdomain.config.evaluation import CheckpointsConfig, EvaluationConfig
from xdomain.config.execution import ExecutionConfig
from xdomain.config.field_types import FolderName
from xdomain.config.mistakes import RULE, Location, mistakes
from xdomain.config.model import ModelConfig
from xdomain.config.model_base import ConfigModel
from xdomain.config.override import Override
from xdomain.config.phase_rules import check_phase_rules
from xdomain.config.phases import DOMAIN_NAME
from xdomain.config.rollout import check_rollout
from xdomain.config.setups import EvaluationSetup, TrainingSetup, check_backend, entry_name
from xdomain.config.sharding import check_sharding
from xdomain.config.strategy import JointConfig, StrategyConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.registry import did_you_mean, suggestion


class GridConfig(ConfigModel):
    """Families of curricula over the experiment's domains."""

    singles: bool = False
    """a"""
    ordered_pairs: bool = False
    """a -> b, for every ordered pair"""
    mixed_pairs: bool = False
    """a + b"""
    ordered_triples: bool = False
    """a -> b -> c"""
    all_mixed: bool = False
    """a + b + ... of all domains"""
    merged_pairs: bool = False
    """merge(a, b) of the single runs, for every pair"""
    all_merged: bool = False
    """merge(a, b, ...) of the single runs of all domains"""
    distilled_pairs: bool = False
    """distill(a, b) by the single runs, for every pair"""
    all_distilled: bool = False
    """distill(a, b, ...) by the single runs of all domains"""
    controls: bool = False
    """a -> a: a control for the effects of more steps and of a restarted learning rate"""
    refresh: int | None = Field(None, ge=1)
    """a -> b -> a@N, for every ordered pair: a return to the earlier domain for this number of steps"""


DIVIDED = ("steps", "updates_per_rollout", "epochs_per_rollout")
"""Fields that decide how the budget `total` divides the steps of a curriculum among its phases."""


def _not_listed(expression: str, name: str, own: Sequence[str]) -> str:
    return f'"{expression}" uses "{name}", which is not under `domains`: {_listed(name, own)}'


def _listed(name: str, own: Sequence[str]) -> str:
    """Return the domains of the file, and what to write instead of one that is not among them."""
    return f"{', '.join(own)}.{did_you_mean(name, own) or ' Add it there, or write one of these.'}"


def _strategy_forms(schema: dict[str, Any]) -> None:
    """Add the short form `strategy` to a JSON schema, so that editors accept it."""
    form = schema["properties"]["strategies"]["items"]
    schema["properties"]["strategy"] = form | {
        "description": "Short form of `strategies` with a single strategy: `strategy: {name: cgpo, alpha: 1.2}`."
    }


class Experiment(ConfigModel):
    """One experiment: a model, domains, a grid of curricula, and the settings of training and evaluation."""

    model_config = ConfigDict(json_schema_extra=_strategy_forms)

    name: FolderName
    """Name of the experiment and of its report folder: small letters, digits, "-" and "_"."""
    model: ModelConfig
    """The model that every run starts from."""
    domains: tuple[DomainEntry, ...] = Field(min_length=1)
    """Names of registered domains, or mappings with a source and a verifier."""
    grid: GridConfig = GridConfig()
    """Families of curricula to train."""
    curricula: tuple[Curriculum, ...] = ()
    """Explicit expressions to train in addition to the grid's families."""
    adopted: tuple[AdoptedRun, ...] = ()
    """Finished checkpoints that are used instead of training. `xdomain adopt` takes them into the store."""
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0,), min_length=1)
    """Training seeds. Every curriculum is trained once per seed."""
    training: TrainingConfig = TrainingConfig()
    """Training of one phase of a curriculum."""
    strategies: tuple[StrategyConfig, ...] = Field((JointConfig(),), min_length=1)
    """Strategies for mixed phases (dacsp: for phases after the first). Each of several strategies makes its own runs.
    """
    overrides: tuple[Override, ...] = ()
    """Settings that differ by domain, by number or kind of phase. They replace those of `training`, `strategies` and
    `evaluation`. Later entries win."""
    checkpoints: CheckpointsConfig = CheckpointsConfig()
    """Checkpoints that are kept and evaluated."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """Evaluation of every checkpoint on every domain."""
    execution: ExecutionConfig = ExecutionConfig()
    """The executor that runs the stages, and the resources that each may use."""
    analysis: AnalysisConfig = AnalysisConfig()
    """Questions for the report that are declared before the run."""
    store: str | None = None
    """Folder for all results. By default $XDOMAIN_STORE, or else `./xdomain-store`."""

    @model_validator(mode="before")
    @classmethod
    def _one_strategy(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "strategy" not in data:
            return data
        if "strategies" in data:
            raise ValueError("`strategy` is the short form of `strategies`, and both are set. Remove one of them.")
        if isinstance(data["strategy"], list):
            raise ValueError("strategy: should be one strategy; write several as `strategies: [joint, cgpo]`.")
        return {key: value for key, value in data.items() if key != "strategy"} | {"strategies": [data["strategy"]]}

    @field_validator("strategies", mode="before")
    @classmethod
    def _list_of_strategies(cls, value: Any) -> Any:
        if isinstance(value, str | Mapping):
            raise ValueError("should be a list such as [joint, cgpo]; a single one can be written `strategy: cgpo`.")
        return value

    @property
    def domain_names(self) -> tuple[str, ...]:
        return tuple(map(entry_name, self.domains))

    @property
    def evaluation_setup(self) -> EvaluationSetup:
        """The sections that evaluation uses, with training's defaults filled in."""
        tokens = self.evaluation.max_completion_tokens or self.training.max_completion_tokens
        return EvaluationSetup(
            name=self.name,
            model=self.model,
            domains=self.domains,
            evaluation=self.evaluation.model_copy(update={"max_completion_tokens": tokens}),
            execution=self.execution,
        )

    @property
    def training_setup(self) -> TrainingSetup:
        """The sections that training uses."""
        return TrainingSetup(name=self.name, model=self.model, domains=self.domains, training=self.training)

    @model_validator(mode="after")
    def _consistent(self) -> Experiment:
        if found := [*self._wrong_entries(), *self._unknown_domains(), *self._wrong_overrides()]:
            raise mistakes((place, RULE, what) for place, what in found)
        nothing = not self.adopted and not any(self.grid.model_dump().values())
        if "curricula" not in self.model_fields_set and nothing:
            raise ValueError(
                "there is nothing to train. Write a family such as `grid: {singles: true}`, or list `curricula` "
                "(`curricula: []` only evaluates the model)."
            )
        self._check_refresh()
        check_phase_rules(self.training, self.execution, self.checkpoints)
        self._check_backend()
        check_rollout(self.training, self.model, self.execution)
        check_sharding(self.training, self.model, self.execution)
        return self

    def _check_refresh(self) -> None:
        steps = self.grid.refresh
        if steps is None:
            return
        if len(self.domains) < 2:
            raise ValueError("grid.refresh returns from one domain to another and needs two domains.")
        if self.training.budget == "total":
            raise ValueError(
                "grid.refresh sets the steps of its last phase, but the budget `total` divides them itself."
            )
        if steps >= self.training.steps or steps % self.training.rollout_period:
            raise ValueError(
                f"grid.refresh should be a multiple of updates_per_rollout x epochs_per_rollout = "
                f"{self.training.rollout_period} below training.steps = {self.training.steps}. Found {steps}."
            )

    def _check_backend(self) -> None:
        check_backend(self.model, self.evaluation)
        if self.model.endpoint is not None and (self.curricula or any(self.grid.model_dump().values())):
            raise ValueError("model.endpoint: such a model can be evaluated, not trained; write `curricula: []`.")

    def _wrong_entries(self) -> Iterator[tuple[Location, str]]:
        """Yield the location of each domain and seed that is wrong or listed twice, with a message."""
        for index, name in enumerate(self.domain_names):
            if not DOMAIN_NAME.fullmatch(name):
                what = f'the name "{name}" should be small letters, digits and "_", beginning with a letter.'
                yield ("domains", index), what
            if name in self.domain_names[:index]:
                yield ("domains", index), f'the domain "{name}" is listed twice. Remove one of them.'
        for index, seed in enumerate(self.seeds):
            if seed in self.seeds[:index]:
                yield ("seeds", index), f"the seed {seed} is listed twice. Remove one of them."
        titles, origins = [run.title for run in self.adopted], set()
        for index, run in enumerate(self.adopted):
            if run.title in titles[:index]:
                yield ("adopted", index), f'"{run.title}" is declared twice. Remove one of them.'
            for place, each in enumerate(run.checkpoints):
                if each.origin in origins:
                    what = f'"{each.path or each.hub}" is declared twice. Each checkpoint belongs to one run and step.'
                    yield ("adopted", index, "checkpoints", place), what
                origins.add(each.origin)
            if run.seed not in self.seeds:
                yield ("adopted", index, "seed"), f"the seed {run.seed} is not listed under `seeds`. Add it there."

    def _unknown_domains(self) -> Iterator[tuple[Location, str]]:
        """Yield the location of each curriculum, contrast and warm-up that names an unlisted domain, with a message."""
        own = self.domain_names
        for index, curriculum in enumerate(self.curricula):
            for name in [each for each in curriculum.named_domains if each not in own][:1]:
                yield ("curricula", index), _not_listed(str(curriculum), name, own)
            if self.training.budget == "total" and curriculum.sets_steps:
                what = f'"{curriculum}" sets steps with "@", but the budget `total` divides them itself.'
                yield ("curricula", index), what
        for index, run in enumerate(self.adopted):
            for name in [each for each in run.curriculum.named_domains if each not in own][:1]:
                yield ("adopted", index, "curriculum"), _not_listed(str(run.curriculum), name, own)
        for index, contrast in enumerate(self.analysis.contrasts):
            named = [name for run in contrast.curricula for name in run.named_domains] + [contrast.domain or own[0]]
            for name in [each for each in named if each not in own][:1]:
                yield ("analysis", "contrasts", index), _not_listed(str(contrast), name, own)
        alarms = self.training.alarms
        for index, name in enumerate(alarms.domains if alarms and alarms.domains != "all" else ()):
            if name not in own:
                what = f'"{name}" is not under `domains`: {_listed(name, own)}'
                yield ("training", "alarms", "domains", index), what
        for index, name in enumerate(self.model.warmup.domains if self.model.warmup else ()):
            if name not in own and name not in DOMAINS.names():
                what = f'unknown domain "{name}".{suggestion(name, [*own, *DOMAINS.names()])}'
                yield ("model", "warmup", "domains", index), what

    def _wrong_overrides(self) -> Iterator[tuple[Location, str]]:
        """Yield the location of each override that does not fit the other sections, with a message."""
        own = self.domain_names
        for index, override in enumerate(self.overrides):
            if override.where.domain not in (None, *own):
                name = str(override.where.domain)
                what = f'"{name}" is not under `domains`: {_listed(name, own)}'
                yield ("overrides", index, "where", "domain"), what
            divided = [name for name in DIVIDED if override.training and name in override.training.model_fields_set]
            if self.training.budget == "total" and divided:
                what = "cannot differ under the budget `total`, which divides the steps of a whole curriculum."
                yield ("overrides", index, "training", divided[0]), what
            if override.strategy is not None and len(self.strategies) > 1:
                what = "needs a single strategy under `strategies`: each of several is compared in its own runs."
                yield ("overrides", index, "strategy"), what
