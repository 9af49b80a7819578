"""Checks before the first stage, in a process like those that run stages."""

from __future__ import annotations

from xdomain.config.experiment import Experiment
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.domains.preflight import preflight_domains
from xdomain.generation.build import require_backend
from xdomain.models.source import load_tokenizer
from xdomain.plan.graph import Setup
from xdomain.plan.prompts import most_prompts_a_step
from xdomain.train.arguments import preflight as preflight_training
from xdomain.worker.device import used_device


def run_preflight(setup: Setup, *, loads_source: bool = False) -> None:
    """Read every domain's data, and build every GRPOConfig that stages will use.

    Args:
        setup: An experiment, or the settings with which models are evaluated.
        loads_source: Whether to check also that the model's folder or hub can be read.

    Raises:
        ConfigError: TRL refuses a setting, or stages will run on this machine and it lacks the GPU that they need.
        DataError: A split is empty, too small or malformed, or train and test overlap.
        DependencyMissing: Judging needs a package or program that is not installed.
    """
    execution = setup.execution
    if execution.executor in ("local", "inline"):
        used_device(execution.device, execution.train_processes)
    domains = build_domains(setup.domains, setup.domain_names)
    warmed_up = setup.model.warmup.domains if setup.model is not None and setup.model.warmup else ()
    warmup = build_domains(setup.domains, [name for name in warmed_up if name not in domains])
    prompts = most_prompts_a_step(setup) if isinstance(setup, Experiment) else {}
    preflight_domains(list(domains.values()), prompts, Split(setup.evaluation.split), list(warmup.values()))
    require_backend(setup.evaluation.backend, "evaluation.backend")
    if loads_source and setup.model is not None and setup.model.source[0] in ("hub", "path"):
        load_tokenizer(setup.model)
    if isinstance(setup, Experiment):
        preflight_training(setup, "cpu")
