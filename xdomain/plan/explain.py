"""Find stages by name, and explain why two stages have different keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from xdomain.core.errors import PlanError
from xdomain.core.registry import did_you_mean
from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageRef, StageSpec

ABSENT = "(absent)"
OF_DOMAINS = {"items": "items", "solutions": "solutions", "verifiers": "verifier", "rewards": "reward"}
"""Parts of a payload that hold one identity per domain, with their names in sentences."""
SEED = re.compile(r", seed \d+$")

Ref = TypeVar("Ref", bound=StageRef)


def find_stage(plan: Graph, text: str) -> StageSpec:
    """Return the one stage of a plan that `text` names (see `pick_stage`)."""
    return pick_stage(plan.whole.stages.values(), text)


def pick_stage(stages: Collection[Ref], text: str) -> Ref:
    """Return the one stage whose title is `text`, with or without its seed, or whose key or folder begins with it.

    Raises:
        PlanError: No stage matches, or several do.
    """
    found = [stage for stage in stages if stage.title == text]
    found = found or [stage for stage in stages if SEED.sub("", stage.title) == text]
    found = found or [stage for stage in stages if text and (stage.key.startswith(text) or stage.folder == text)]
    if len(found) != 1:
        some = ", ".join(f'"{stage.title}"' for stage in found[:3]) or "none"
        hint = "" if found else did_you_mean(text, (stage.title for stage in stages))
        raise PlanError(
            f'"{text}" should name one stage. Found {some}.{hint}',
            fix='Titles are like "math -> logic, seed 0"; `xdomain grid status FILE --json` has all of them.',
        )
    return found[0]


def narrow(plan: Graph, texts: Sequence[str]) -> Graph:
    """Return the graph of the stages that `texts` name; the stages that they read are among its `inputs`.

    Raises:
        PlanError: A text names no stage, or several.
    """
    plan = plan.whole
    chosen = {find_stage(plan, text).key for text in texts}
    below = {need for key in chosen for need in plan.stages[key].needs} - chosen
    stages = {key: stage for key, stage in plan.stages.items() if key in chosen}
    return Graph(plan.setup, stages, own=plan.own, inputs={key: plan.ref(key) for key in plan.stages if key in below})


def explain_difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (dotted field, value in first, value in second) for each difference between two payloads.

    A missing value is `ABSENT`.
    """
    return list(_differences(first, second, ""))


def verifier_in_words(identity: Mapping[str, Any]) -> str:
    """Return a verifier's id and its settings that differ from the default: "number/2 (absolute_tolerance: 2.0)"."""
    left_out = ("scorer", "kind", "source_digest")  # the scorer's id begins with the digest
    settings = ", ".join(f"{name}: {value}" for name, value in identity.items() if name not in left_out)
    return f"{identity['scorer']} ({settings})" if settings else str(identity["scorer"])


def changes_in_words(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return one short sentence per part in which two payloads differ, such as "The verifier of math changed."."""
    sentences = []
    for where, left, right in explain_difference(first, second):
        words, depth = _part(where.split("."), first)
        if ABSENT in (left, right) and where.count(".") < depth:
            sentences.append(f"Only the {'first' if right == ABSENT else 'second'} stage has {words}.")
        else:
            sentences.append(f"{words[0].upper()}{words[1:]} changed.")
    return list(dict.fromkeys(sentences))


def _part(field: Sequence[str], payload: Mapping[str, Any]) -> tuple[str, int]:
    """Return the words for the part of an identity that a dotted field belongs to, and the length of its path."""
    found = ".".join(field[:2]), 2
    match [*field]:
        case ["warmup", part, domain, *_] if part in OF_DOMAINS:
            found = f"the {OF_DOMAINS[part]} of {domain} in the warm-up", 3
        case ["verifier", *_]:
            found = f"the verifier of {payload['items']['domain']}", 1
        case ["items", "identity", *_]:
            found = f"the items of {payload['items']['domain']}", 2
        case ["items", "domain" | "split" | "count" as name]:
            found = f"the evaluated items' {name}", 2
        case [part, domain, *_] if part in OF_DOMAINS:
            found = f"the {OF_DOMAINS[part]} of {domain}", 2
        case ["model", *_]:
            found = "the model", 1
        case ["parent"]:
            found = "the parent checkpoint", 1
        case ["inputs"]:
            found = "the merged checkpoints", 1
        case ["checkpoint", *_]:
            found = "the evaluated checkpoint", 1
    return found


def _differences(first: Any, second: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in sorted({*first, *second}):
            yield from _differences(first.get(key, ABSENT), second.get(key, ABSENT), f"{where}.{key}".lstrip("."))
    elif first != second:
        yield where, first, second
