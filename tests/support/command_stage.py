"""Small domains and an experiment whose stages the fake trainer trains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.domains_from_rows import write_jsonl
from xdomain.config.domain import DomainConfig
from xdomain.config.experiment import Experiment
from xdomain.domains.base import Domain
from xdomain.domains.build import build_domains

NAMES = ("letters", "sums")
FAKE_TRAINER = Path(__file__).with_name("fake_trainer.py")
RESUMES = {"seed": True, "schedule": True, "resume": True}


def entries(folder: Path) -> list[dict[str, Any]]:
    """Describe two domains of 40 items each as an experiment's `domains` do."""
    rows = {
        "letters": [{"q": f"letter {number}", "a": chr(97 + number % 26)} for number in range(40)],
        "sums": [{"q": f"{number}+1=", "a": str(number + 1)} for number in range(40)],
    }
    return [
        {
            "name": name,
            "source": {"kind": "jsonl", "path": write_jsonl(folder / f"{name}.jsonl", rows[name])},
            "fields": {"question": "q", "gold": "a"},
            "verifier": "text",
        }
        for name in NAMES
    ]


def domains(folder: Path) -> dict[str, Domain]:
    """Return the two domains."""
    return build_domains(map(DomainConfig.model_validate, entries(folder)), NAMES)


def experiment(folder: Path, *words: str, training: dict[str, Any] | None = None, **engine: Any) -> Experiment:
    """Return an experiment of four steps per phase.

    Args:
        folder: where the domains' rows are written.
        words: words before the task file, which make the fake trainer misbehave.
        training: further fields of `training`.
        engine: further fields of `training.engine`.
    """
    fake = {"command": ["python", str(FAKE_TRAINER), *words], "version": "1", "receives": ["learning_rate"]}
    data = {
        "name": "fake",
        "model": {"preset": "tiny_qwen3"},
        "domains": entries(folder),
        "curricula": ["sums", "sums -> letters"],
        "training": {
            "steps": 4,
            "prompts_per_step": 4,
            "learning_rate": 1e-2,
            "engine": fake | {"guarantees": RESUMES} | engine,
        }
        | (training or {}),
        "checkpoints": {"every_steps": 2},
        "evaluation": {"items": 4, "samples": 1, "max_completion_tokens": 4},
        "execution": {"workers": 2, "device": "cpu"},
    }
    return Experiment.model_validate(json.loads(json.dumps(data)))
