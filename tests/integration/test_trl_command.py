"""The script on TRL as a command: bitwise the weights of the built-in trainer, on two stages of the smoke grid."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.support.stage_runs import Silent
from xdomain.config.load import load_experiment
from xdomain.config.setups import TrainingSetup
from xdomain.core.fingerprint import file_digest
from xdomain.core.seeds import derive_seed
from xdomain.core.stage import StageContext
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.stage import StageSpec
from xdomain.plan.task import base_setup
from xdomain.resolve.identities import resolve_identities
from xdomain.train.base_model import run_base
from xdomain.train.run import run_train

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SCRIPT = EXPERIMENTS / "engines" / "trl_command.py"
SHORTER = ("model.warmup.steps=60", "training.steps=6", "checkpoints.every_steps=3")
TITLES = ("math, seed 0", "math -> logic, seed 0")


def test_the_script_imports_nothing_of_xdomain() -> None:
    nodes = ast.walk(ast.parse(SCRIPT.read_text()))
    names = [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
    names += [str(node.module) for node in ast.walk(ast.parse(SCRIPT.read_text())) if isinstance(node, ast.ImportFrom)]
    assert "trl" in names
    assert not any(name.startswith("xdomain") for name in names)


def test_the_shipped_file_asks_for_stages_of_the_smoke_grid() -> None:
    command, smoke = (load_experiment(EXPERIMENTS / name) for name in ("engines/trl.yaml", "smoke.yaml"))
    unlike = {"engine", "steps"}  # the engine is what differs; the steps are compared next
    assert command.training.model_dump(exclude=unlike) == smoke.training.model_dump(exclude=unlike)
    assert command.training.steps == smoke.training.steps
    assert (command.model, command.checkpoints, command.domains) == (smoke.model, smoke.checkpoints, smoke.domains)


def context(root: Path, kind: str, stage: StageSpec, inputs: dict[str, Path]) -> StageContext:
    work = root / kind / "stages" / stage.folder
    work.mkdir(parents=True)
    seed = derive_seed("stage", stage.key)
    return StageContext(work, root / kind / "scratch" / stage.folder, inputs, seed, "cpu", Silent())


def train(
    plan: Plan, setup: TrainingSetup, root: Path, kind: str, base: Path, stop: str | None = None
) -> dict[str, Path]:
    """Train the two stages; return the weights of each checkpoint by stage and step.

    Args:
        stop: A file below the stage's scratch folder. Each stage is stopped once it exists, and then continued.
    """
    inputs, found = {plan.base.key: base}, {}
    for stage in (each for title in TITLES for each in plan.train_stages if each.title == title):
        surroundings = context(root, kind, stage, dict(inputs))
        if stop is not None:
            until = surroundings.scratch / stop
            assert not run_train(setup, stage, replace(surroundings, stop_requested=until.exists)).finished
        assert run_train(setup, stage, surroundings).finished
        inputs[stage.key] = surroundings.work
        for path in sorted(surroundings.work.glob("checkpoints/step-*/model.safetensors")):
            found[f"{stage.title} {path.parent.name}"] = path
    return found


@pytest.mark.slow
@pytest.mark.parametrize("settings", [SHORTER, ()], ids=["six steps", "as shipped"])
def test_two_stages_stopped_and_continued_end_with_bitwise_the_weights_of_the_built_in_trainer(
    settings: tuple[str, ...], tmp_path: Path
) -> None:
    smoke = load_experiment(EXPERIMENTS / "smoke.yaml", settings)
    command = load_experiment(EXPERIMENTS / "engines" / "trl.yaml", settings)
    plan = build_plan(smoke, resolve_identities(smoke))
    base = context(tmp_path, "both", plan.base, {})
    assert run_base(base_setup(smoke), base).finished
    built_in = train(plan, smoke.training_setup, tmp_path, "built-in", base.work)
    every = smoke.checkpoints.every_steps
    state = f"engine/state/checkpoint-{every}/complete"
    scripted = train(plan, command.training_setup, tmp_path, "scripted", base.work, state)
    assert len(built_in) == 2 * smoke.training.steps // every
    for name, path in built_in.items():
        one, other = load_file(path), load_file(scripted[name])
        digests = file_digest(path)[:12], file_digest(scripted[name])[:12]
        print(f"\n{name}: sha256 of the built-in trainer's weights {digests[0]}, of the script's {digests[1]}")
        assert one.keys() == other.keys()
        assert all(one[each].equal(other[each]) for each in one), name
