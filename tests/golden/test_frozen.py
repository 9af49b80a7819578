"""What must not change unseen: stage keys, the command line's options, the generated reference.

After a wanted change: `make golden docs`, and say why in the commit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import typer

from tests.plans import make_plan
from xdomain.api.run_events import RunEvent
from xdomain.cli.app import app

HERE = Path(__file__).parent


def compare(name: str, value: Any) -> None:
    path = HERE / name
    if os.environ.get("XDOMAIN_UPDATE_GOLDEN"):
        path.write_text(json.dumps(value, indent=1) + "\n")
    assert value == json.loads(path.read_text())


def test_stage_keys() -> None:
    plans = {
        "plain": make_plan(checkpoints={"every_steps": 5}),
        "lora": make_plan(model={"path": "x", "lora": {"r": 8, "chaining": "continue"}}),
        "total, weights, seeds": make_plan(
            grid={},
            curricula=["2*logic + puzzle -> logic", "logic -> logic"],
            seeds=[0, 1],
            training={"steps": 8, "budget": "total", "prompts_per_step": 4, "generations": 2, "updates_per_rollout": 2},
        ),
    }
    compare(
        "stage_keys.json",
        {name: {stage.title: stage.key for stage in plan.stages.values()} for name, plan in plans.items()},
    )


def test_command_line_options() -> None:
    def options(command: Any) -> Any:
        if hasattr(command, "commands"):
            return {name: options(child) for name, child in sorted(command.commands.items())}
        return sorted(name for parameter in command.loaded.params for name in (parameter.opts or [parameter.name]))

    compare("command_line.json", options(typer.main.get_command(app)))


def test_generated_reference_is_current(repository: Path) -> None:
    command = [sys.executable, str(repository / "docs" / "generate.py"), "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_event_of_a_run_is_described(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "run-events.md").read_text()
    for kind in get_args(RunEvent):
        for event in get_args(kind.model_fields["event"].annotation):
            assert f"\n- `{event}`:" in page
