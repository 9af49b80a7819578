"""Keys of stages change only on purpose: `make golden`, and say why in the commit."""

from __future__ import annotations

from tests.support.golden import compare
from tests.support.plans import make_plan


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
        "overrides": make_plan(
            overrides=[
                {"where": {"domain": "logic"}, "training": {"learning_rate": 3e-5, "steps": 8}},
                {"where": {"kind": "mixture"}, "training": {"generations": 4}, "strategy": "cgpo"},
                {"where": {"domain": "puzzle"}, "evaluation": {"samples": 4, "temperature": 1.0}},
            ]
        ),
    }
    compare(
        "stage_keys.json",
        {name: {stage.title: stage.key for stage in plan.stages.values()} for name, plan in plans.items()},
    )
