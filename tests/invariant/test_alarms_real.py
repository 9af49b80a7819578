"""Alarms of real stages on the tiny model: mild ones rarely alarm, as simulated, and damaging ones do.

`pytest -s` prints the figures.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.plans import make_experiment
from tests.support.stage_runs import Stages
from xdomain.config.experiment import Experiment
from xdomain.plan.alarms.looks import LOOKS, StageLooks, read_looks
from xdomain.plan.alarms.simulation import Scenario, simulate

pytestmark = pytest.mark.slow

STEPS, STAGES, SIMULATED = 4, 20, 200
DAMAGING, MILD = 1e-2, 1e-4


def experiment_with(rate: float, seed: int = 0) -> Experiment:
    return make_experiment(
        model={
            "preset": "tiny_qwen3",
            "warmup": {"steps": 200, "examples_per_step": 32, "domains": ["logic", "puzzle"]},
        },
        domains=["logic", "puzzle"],
        training={
            "steps": STEPS,
            "prompts_per_step": 16,
            "generations": 8,
            "learning_rate": rate,
            "max_completion_tokens": 9,
            "alarms": {"budget": 1.0},
        },
        evaluation={"temperature": 1.0, "seed": seed},
    )


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    made = Stages(tmp_path_factory.mktemp("stages"))
    made.base(experiment_with(MILD))
    return made


def monitored(stages: Stages, rate: float, seed: int) -> StageLooks:
    key = f"{rate:g}-{seed}"
    stages.train(experiment_with(rate, seed), key, "base", "logic", seed=seed)
    return read_looks(stages.inputs[key] / LOOKS)


def alarms(found: StageLooks) -> set[str]:
    return {look.domain for look in found.looks if look.decision is not None and look.decision.alarm}


def test_of_20_mild_stages_at_most_4_alarm_and_their_p_values_are_like_simulated_ones(stages: Stages) -> None:
    found = [monitored(stages, MILD, seed) for seed in range(STAGES)]
    alarmed = [alarms(each) for each in found]
    real = [look.decision.p for each in found for look in each.looks if look.decision is not None]
    design = found[0].design
    own = design.domains["logic"]
    still = [Scenario(churn=0.05)]
    p_values = [p for each in simulate(own, len(design.looks), design.alpha, still, SIMULATED) for p in each.p_values]
    changed = [
        np.mean([a != b for a, b in zip(each.of(name)[0].scores, each.of(name)[-1].scores, strict=True)])
        for each in found
        for name in ("logic", "puzzle")
    ]
    small = {level: (np.mean(np.array(real) <= level), np.mean(np.array(p_values) <= level)) for level in (0.05, 0.2)}
    print(f"\n{sum(map(bool, alarmed))} of {STAGES} mild stages alarm: {alarmed}")
    print(f"share of p <= 0.05, 0.2 in real and simulated looks: {small}; items changed: {np.mean(changed):.3f}")
    assert sum(map(bool, alarmed)) <= 4
    for level, (of_real, _) in small.items():
        assert of_real <= level + 3 * np.sqrt(level * (1 - level) / len(found))  # looks of a stage are dependent


def test_damaging_stages_alarm_in_both_domains(stages: Stages) -> None:
    for seed in range(3):
        assert alarms(monitored(stages, DAMAGING, seed)) == {"logic", "puzzle"}
