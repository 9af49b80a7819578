"""Cross-domain RL experiments: plan curricula, train them with GRPO, measure transfer, order and interference.

    import xdomain
    session = xdomain.open_experiment("experiments/smoke.yaml")
    session.run()
    print(session.analyse().sentences)

Names are loaded when they are first used, so that importing the package imports no other module of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

__all__ = [
    "EvaluationOptions",
    "Experiment",
    "Session",
    "XDomainError",
    "__version__",
    "analyse",
    "check_domains",
    "compare_models",
    "evaluate_model",
    "load_checkpoint",
    "open_experiment",
    "read_records",
    "run_study",
]

if TYPE_CHECKING:
    from xdomain.api.checkpoints import load_checkpoint
    from xdomain.api.comparison import compare_models, evaluate_model
    from xdomain.api.domains import check_domains
    from xdomain.api.evaluation import EvaluationOptions
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
    "evaluate_model": "api.comparison",
    "load_checkpoint": "api.checkpoints",
    "open_experiment": "api.session",
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
