"""Reward shaping: turn a verdict into a number, by a shape or a published preset. Accuracies never change."""

from __future__ import annotations

import re
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_reward import (
    FormatGate,
    FunctionReward,
    LengthTerm,
    RewardShape,
    load_preset,
    preset_table,
)
from xdomain.config.domain_verifier import ExtractingVerifier, Place, SourceVerifier, VerifierConfig
from xdomain.core.records import Outcome, Verdict

TIE_SCORE = 0.5
"""Credit of a pairwise judge's tie, which is not a right answer."""

TIE = "tie"
"""Reason of a tie's verdict. A credit of 0.5 does not show a tie, since it may be half of a rubric's points."""

TOKEN = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")
"""A word, a digit or any other single character except white space."""


def resolve_reward(reward: str | RewardShape, verifier_kind: str) -> RewardShape:
    """Return the shape that a domain's `reward` names.

    Args:
        reward: A shape, "preset/table", or a preset whose table for the verifier is used.
        verifier_kind: Kind of the domain's verifier.

    Raises:
        ConfigError: The preset or table is unknown.
    """
    if isinstance(reward, RewardShape):
        return reward
    return preset_table(reward, verifier_kind)


def with_reward_prompt(config: DomainConfig) -> DomainConfig:
    """Return the domain's description with the additions of its reward.

    A preset with a prompt fills in `system` and `solution` if the description sets none. A template that names the
    gate's tags needs no `system`. With an answer tag in the gate, the verifier also looks inside that tag, unless the
    description sets its places. All three become part of the description and so of the domain's identity.

    Raises:
        ConfigError: The preset or table is unknown.
    """
    if isinstance(config.reward, FunctionReward):
        return config
    gate = resolve_reward(config.reward, config.verifier.kind).gate
    if gate is None:
        return config
    changed: dict[str, Any] = {}
    prompt = load_preset(config.reward.partition("/")[0]).prompt if isinstance(config.reward, str) else None
    if prompt is not None and config.system is None and tags_not_in(gate, config.template):
        changed["system"] = prompt.system
    # Fields are compared with their defaults, not looked up among the set fields, since a description that was written
    # out completely, as for a worker, sets every field.
    if prompt is not None and config.solution == DomainConfig.model_fields["solution"].default:
        changed["solution"] = prompt.solution
    if gate.answer_tag is not None:
        changed["verifier"] = looking_inside_tag(config.verifier)
    return config.model_copy(update=changed)


def looking_inside_tag(verifier: VerifierConfig) -> VerifierConfig:
    """Return a verifier that looks in the answer tag before it takes the whole text, unless its places are set."""
    if not isinstance(verifier, ExtractingVerifier | SourceVerifier):  # has no configurable places
        return verifier
    places: tuple[Place, ...] | None = verifier.answer_in
    if places != type(verifier).model_fields["answer_in"].default or "tag" in (places or ()):
        return verifier
    kept = tuple(place for place in places or () if place != "whole")
    return verifier.model_copy(update={"answer_in": (*kept, "tag", "whole")})


def tags_not_in(gate: FormatGate, text: str) -> list[str]:
    """Return the opening tags that the gate demands and that `text` does not name."""
    names = [name for name in (gate.think_tag, gate.answer_tag) if name is not None]
    return [f"<{name}>" for name in names if f"<{name}>" not in text]


def shaped_reward(shape: RewardShape, completion: str, verdict: Verdict, gold: str) -> float | None:
    """Return the completion's reward, or None if it is unscored.

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
    return shape.right - length_loss(shape.length, verdict.answer or "", gold)


def length_loss(term: LengthTerm | None, answer: str, gold: str) -> float:
    """Return the deduction for a right answer that is longer or shorter than the gold."""
    if term is None:
        return 0.0
    return term.per_unit * min(abs(length_of(answer, term) - length_of(gold, term)), term.cap)


def length_of(text: str, term: LengthTerm) -> int:
    """Return the length of `text` in the term's unit."""
    return len(text) if term.unit == "characters" else len(TOKEN.findall(text))


def passes_gate(gate: FormatGate, completion: str) -> bool:
    """Return whether the completion consists of exactly the demanded tags, once each, in order.

    Text before a closing think tag without an opening one counts as reasoning, since the chat template may have written
    the opening tag into the prompt.
    """
    rest = completion.strip()
    if gate.think_tag is not None:
        opening, closing = f"<{gate.think_tag}>", f"</{gate.think_tag}>"
        reasoning, closed, after = rest.partition(closing)
        opened = reasoning.count(opening)
        if not closed or opening in after or closing in after:
            return False
        if not (opened == 1 and reasoning.startswith(opening)) and not (opened == 0 and reasoning.strip()):
            return False
        if gate.answer_tag is not None and has_tag(reasoning, gate.answer_tag):
            return False
        rest = after.strip()
    if gate.answer_tag is None:
        return True
    opening, closing = f"<{gate.answer_tag}>", f"</{gate.answer_tag}>"
    once = rest.count(opening) == 1 and rest.count(closing) == 1
    return once and rest.startswith(opening) and rest.endswith(closing)


def has_tag(text: str, name: str) -> bool:
    return f"<{name}>" in text or f"</{name}>" in text


def gate_text(gate: FormatGate) -> str:
    """Return the form that the gate demands, for messages."""
    parts = [f"<{name}>...</{name}>" for name in (gate.think_tag, gate.answer_tag) if name is not None]
    return "".join(parts) or "any text"
