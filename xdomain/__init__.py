"""Cross-domain RL experiments: plan curricula, train them with GRPO, measure transfer, order and interference.

    import xdomain
    session = xdomain.open_experiment("experiments/smoke.yaml")
    session.run()
    print(session.analyse().sentences)

Names are loaded when they are first used, so that importing the package imports no other module of it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

# Usage statistics are off unless the user's environment says otherwise. Each library reads its variable when it is
# imported, so this comes first, in every process: workers, Ray's and Slurm's too, import this package before them.
for _name, _value in {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub, and through it transformers, datasets and TRL
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "GRADIO_ANALYTICS_ENABLED": "False",  # trackio
}.items():
    os.environ.setdefault(_name, _value)

__all__ = [
    "EvaluationOptions",
    "Experiment",
    "Session",
    "XDomainError",
    "__version__",
    "analyse",
    "check_domains",
    "compare_models",
    "diagnose",
    "evaluate_model",
    "export_model",
    "load_checkpoint",
    "open_experiment",
    "open_last_run",
    "probe",
    "read_records",
    "run_study",
]

if TYPE_CHECKING:
    from xdomain.api.checkpoints import load_checkpoint
    from xdomain.api.comparison import compare_models, evaluate_model
    from xdomain.api.diagnosis import diagnose, probe
    from xdomain.api.domains import check_domains
    from xdomain.api.evaluation import EvaluationOptions
    from xdomain.api.export_model import export_model
    from xdomain.api.last_run import open_last_run
    from xdomain.api.results import analyse, read_records
    from xdomain.api.session import Session, open_experiment
    from xdomain.api.study import run_study
    from xdomain.config.experiment import Experiment
    from xdomain.core.errors import XDomainError

_MODULES = {
    "EvaluationOptions": "api.evaluation",
    "Experiment": "config.experiment",
    "Session": "api.session",
    "XDomainError": "core.errors",
    "analyse": "api.results",
    "check_domains": "api.domains",
    "compare_models": "api.comparison",
    "diagnose": "api.diagnosis",
    "evaluate_model": "api.comparison",
    "export_model": "api.export_model",
    "load_checkpoint": "api.checkpoints",
    "open_experiment": "api.session",
    "open_last_run": "api.last_run",
    "probe": "api.diagnosis",
    "read_records": "api.results",
    "run_study": "api.study",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from xdomain.core.registry import load_attribute

    found = globals()[name] = load_attribute(f"{__name__}.{_MODULES[name]}:{name}")
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
