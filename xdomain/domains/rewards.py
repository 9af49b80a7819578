"""Reward shaping: from a verdict to a number, by a shape or a published preset. It never changes an accuracy."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import yaml

from xdomain.config.domain_reward import FormatGate, RewardPreset, RewardShape
from xdomain.core.errors import ConfigError
from xdomain.core.records import Outcome, Verdict
from xdomain.core.registry import did_you_mean

PRESETS = files("xdomain.domains") / "presets"

TIE_SCORE = 0.5
"""The credit of a pairwise judge's tie, which is not a right answer."""

TIE = "tie"
"""The reason of such a verdict; a credit of 0.5 alone may be half of a rubric's points."""


def preset_names() -> list[str]:
    return sorted(entry.name.removesuffix(".yaml") for entry in PRESETS.iterdir() if entry.name.endswith(".yaml"))


@lru_cache(maxsize=32)
def load_preset(name: str) -> RewardPreset:
    """Read a shipped preset.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in preset_names():
        raise ConfigError(
            f'unknown reward preset "{name}".{did_you_mean(name, preset_names())}',
            where="domains.reward",
            fix=f"Known: {', '.join(preset_names())}; or write a shape with right, wrong and malformed.",
        )
    text = (PRESETS / f"{name}.yaml").read_text(encoding="utf-8")
    return RewardPreset.model_validate(yaml.safe_load(text))


def resolve_reward(reward: str | RewardShape, verifier_kind: str) -> RewardShape:
    """The shape that a domain's `reward` names: itself, "preset/table", or the preset's table for the verifier.

    Raises:
        ConfigError: unknown preset or table.
    """
    if isinstance(reward, RewardShape):
        return reward
    name, _, table = reward.partition("/")
    preset = load_preset(name)
    table = table or preset.by_verifier.get(verifier_kind, preset.by_verifier["default"])
    if table not in preset.tables:
        raise ConfigError(
            f'the reward preset "{name}" has no table "{table}".{did_you_mean(table, preset.tables)}',
            where="domains.reward",
            fix=f"Its tables: {', '.join(preset.tables)}.",
        )
    return preset.tables[table]


def shaped_reward(shape: RewardShape, completion: str, verdict: Verdict, gold: str) -> float | None:
    """What the completion is paid; None if it is unscored.

    Source: gate and length term after CGPO, appendix C.3.
    """
    if verdict.outcome is Outcome.UNSCORED:
        return None
    if shape.gate is not None and not passes_gate(shape.gate, completion):
        return shape.gate.value
    if verdict.outcome is Outcome.MALFORMED:
        return shape.malformed
    if shape.graded and verdict.score is not None:
        return shape.wrong + verdict.score * (shape.right - shape.wrong)
    if verdict.outcome is Outcome.WRONG:
        return shape.wrong if shape.tie is None or verdict.reason != TIE else shape.tie
    return shape.right - length_loss(shape, verdict, gold)


def length_loss(shape: RewardShape, verdict: Verdict, gold: str) -> float:
    """Return what a right answer loses for being longer or shorter than the gold."""
    if shape.length is None:
        return 0.0
    difference = abs(len(verdict.answer or "") - len(gold))
    return shape.length.per_character * min(difference, shape.length.cap)


def passes_gate(gate: FormatGate, completion: str) -> bool:
    """Whether the completion is exactly the demanded tags, once each, in order, with nothing else around them."""
    rest = completion.strip()
    for name in (gate.think_tag, gate.answer_tag):
        if name is None:
            continue
        opening, closing = f"<{name}>", f"</{name}>"
        if rest.count(opening) != 1 or rest.count(closing) != 1 or not rest.startswith(opening):
            return False
        rest = rest.partition(closing)[2].lstrip()
    return gate.answer_tag is None or not rest
