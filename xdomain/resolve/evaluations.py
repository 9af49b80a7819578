"""Plan the evaluations of one model, from the store or from outside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_file import benchmark_file
from xdomain.config.load import apply_override, load_domains
from xdomain.config.run_id import BASE
from xdomain.config.setups import EvaluationSetup, entry_name
from xdomain.config.validation import validate
from xdomain.core.errors import ConfigError
from xdomain.plan.expand import checkpoint_steps
from xdomain.plan.graph import Graph
from xdomain.plan.model_graphs import checkpoint_graph, model_graph
from xdomain.plan.stage import StageKind
from xdomain.resolve.identities import resolve_identities
from xdomain.resolve.model_forms import is_endpoint, model_source
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage

ENGINE = ("evaluation.backend=", "evaluation.vllm.")
"""Prefixes of settings that describe how weights are served."""
OF_A_BASE = ("model.", *ENGINE, "evaluation.endpoint.")
"""Prefixes of settings that can be set for the base model separately; they do not change its questions."""

Checkpoints = list[tuple[StoredStage, int, str]]
"""Stage, step and title of each checkpoint."""


def domain_entries(domains: str | Path | Iterable[str | Path | DomainConfig]) -> list[str | DomainConfig]:
    """Return the entries for an experiment's `domains`: registered names, and the domains that YAML files describe.

    Args:
        domains: Names, and YAML files of domains, experiments or studies, as a sequence or separated by commas.

    Raises:
        ConfigError: A file is missing or describes no domain, nothing is named, or two domains have the same name.
    """
    wanted = str(domains).split(",") if isinstance(domains, str | Path) else domains
    entries: list[str | DomainConfig] = []
    for each in wanted:
        if isinstance(each, DomainConfig):
            entries.append(each)
            continue
        name = str(each).strip()
        if not name:
            continue
        path = Path(name) if name.endswith((".yaml", ".yml")) else benchmark_file(name)
        entries += load_domains(path) if path else [name]
    if not entries:
        raise ConfigError("no domain is named.", where="--domains", fix="Name one; `xdomain domains list` shows them.")
    found: dict[str, str | DomainConfig] = {}
    for entry in entries:
        if found.setdefault(entry_name(entry), entry) != entry:
            what = f'two different domains have the name "{entry_name(entry)}".'
            raise ConfigError(what, where="--domains", fix="Remove one of them.")
    return list(found.values())


def settings_by_model(
    store: Store, models: Sequence[str], settings: Sequence[str], base: str | None, base_settings: Sequence[str]
) -> dict[str, list[str]]:
    """Return the overrides of each model: the `--set` options that apply to it, and `--base-set` for the base model.

    A served model has no weights to load, and a checkpoint of the store already exists. In a comparison, settings of
    weights therefore apply to the other model only.

    Raises:
        ConfigError: A setting applies to none of the models, or would change the base model's questions.
    """
    for setting in base_settings:
        if not setting.startswith(OF_A_BASE):
            raise ConfigError(
                f'"{setting}" cannot be set for the base model.',
                where="--base-set",
                fix="Use settings of `model`, `evaluation.backend`, `evaluation.vllm` or `evaluation.endpoint`.",
            )

    stored = {model: stored_checkpoints(store, model) for model in models}

    def concerns(setting: str, model: str) -> bool:
        served = is_served(model, stored[model])
        if setting.startswith("model."):
            return not stored[model] and served == setting.startswith("model.endpoint.")
        return not (served and setting.startswith(ENGINE)) or setting == "evaluation.backend=endpoint"

    found: dict[str, list[str]] = {model: [] for model in models}
    for setting in settings:
        concerned = [model for model in found if concerns(setting, model)]
        if not concerned:
            raise ConfigError(
                f'"{setting}" applies to none of the named models.',
                where="--set",
                fix="A stored checkpoint cannot be changed, and a served model is not loaded here.",
            )
        for model in concerned:
            found[model].append(setting)
    if base is not None:
        found[base] += base_settings
    return found


def evaluation_graph(
    store: Store,
    model: str,
    domains: Sequence[str | DomainConfig],
    settings: Mapping[str, Any],
    revision: str | None = None,
    overrides: Iterable[str] = (),
) -> Graph:
    """Plan the evaluations of the named checkpoints. A model from outside the store gets its own base stage.

    Args:
        settings: Sections of an experiment (`model` without a source, `evaluation`, `execution`). In `model`,
            `endpoint` applies to a served model, and the rest to weights that are loaded here.
        overrides: Overrides in the form "dotted.key=value", as in `--set`.

    Raises:
        ConfigError: `model` names nothing, or cannot be loaded or served in the requested way.
    """
    checkpoints = stored_checkpoints(store, model)
    served = is_served(model, checkpoints)
    data = {"domains": list(domains), **deepcopy(dict(settings))}
    wanted = data.pop("model", {})
    of_endpoint = wanted.pop("endpoint", {})
    if not checkpoints:
        source = model_source(model, revision)
        data["model"] = {"endpoint": source["endpoint"] | of_endpoint} if served else wanted | source
    if served:
        data.setdefault("evaluation", {})["backend"] = "endpoint"
    for override in overrides:
        apply_override(data, override)
    setup = validate(EvaluationSetup, data, "xdomain eval")
    if not served and setup.evaluation.backend == "endpoint":
        raise ConfigError(
            f'"{model}" has its own weights, which the backend "endpoint" cannot serve.',
            where="evaluation.backend",
            fix="Use `transformers` or `vllm`; a served model is named by its address, https://HOST/v1#MODEL.",
        )
    identities = resolve_identities(setup)
    return checkpoint_graph(setup, identities, checkpoints) if checkpoints else model_graph(setup, identities)


def is_served(model: str, checkpoints: Checkpoints) -> bool:
    """Return whether the model is served by an endpoint.

    Raises:
        ConfigError: The model names both endpoints and weights.
    """
    if not checkpoints:
        return is_endpoint(model)
    served = [stage.is_endpoint for stage, _, _ in checkpoints]
    if len(set(served)) > 1:
        raise ConfigError(f'"{model}" names weights and endpoints.', where="MODEL", fix="Name one kind at a time.")
    return served[0]


def stored_checkpoints(store: Store, text: str) -> Checkpoints:
    """Return stage, step and title of each checkpoint of the store that `text` names; [] if it names none.

    Raises:
        ConfigError: A stage that it names has no checkpoint at the named step.
    """
    pattern, _, step = text.rpartition("@") if text.rpartition("@")[2].isdigit() else (text, "", "")
    found = []
    for stage in store.find(pattern):
        if stage.kind is StageKind.EVALUATE:
            continue
        end = 0 if stage.kind is StageKind.BASE else int(stage.done["summary"]["steps"])
        wanted = int(step) if step else end
        steps = checkpoint_steps(end, stage.payload.get("checkpoint_every")) if end else (0,)
        if wanted not in steps:
            raise ConfigError(
                f'"{stage.title}" has no checkpoint at step {wanted}.',
                where="MODEL",
                fix=f"Use one of these steps: {', '.join(map(str, steps))}.",
            )
        # These are the titles that a grid uses, so that its evaluations are found again.
        title = BASE if stage.kind is StageKind.BASE else f"{stage.title} step {wanted}"
        found.append((stage, wanted, title))
    return found
