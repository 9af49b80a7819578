"""Explain in words why a planned stage differs from a similar stored one, by the fields of their identities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xdomain.plan.explain import ABSENT, explain_difference
from xdomain.plan.stage import StageKind

LONGEST = 60
"""Number of characters of a value that are shown."""
RENAMED = {
    "checkpoint.step": "the evaluated step",
    "items.count": "evaluation.items",
    "items.split": "evaluation.split",
    "checkpoint_every": "checkpoints.every_steps",
}
"""Fields of an identity that have another name in the experiment file."""
SECTIONS = {
    **dict.fromkeys(("warmup", "dtype", "lora", "chat_template", "chat_template_kwargs"), "model."),
    **dict.fromkeys(("alarms", "engine"), "training."),
    "sampling": "evaluation.",
    "threads": "execution.",
}
"""Section of the experiment file that holds a field of an identity, for fields with the same name in both."""
DATA = ("source", "pipeline")
"""Parts of a domain's items that come from its data, not from the domain's settings."""


@dataclass(frozen=True, order=True)
class Reason:
    """A difference that gives a stage another key.

    Attributes:
        words: Name of the part that differs, such as "the template of math".
        stored: Value in the stored stage, shortened.
        planned: Value in the planned stage, shortened.
    """

    words: str
    stored: str
    planned: str

    def __str__(self) -> str:
        return f"{self.words}: {self.stored} -> {self.planned}"


def follows(field: str) -> bool:
    """Return whether a field names another stage, so that the other stage explains its difference."""
    return field in ("parent", "checkpoint.stage", "base", "inputs") or field.startswith(("self_paced", "teachers"))


def reasons(stored: Mapping[str, Any], planned: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Return the differences of two identities, without those that follow from other stages."""
    found = []
    for field, left, right in explain_difference(stored, planned):
        if not follows(field):
            found.append(Reason(_words(field.split("."), planned), *_shortened(left, right)))
    return tuple(dict.fromkeys(found))


def _words(field: list[str], payload: Mapping[str, Any]) -> str:
    dotted = ".".join(field)
    words = RENAMED.get(dotted) or f"{SECTIONS.get(field[0], '')}{dotted.removeprefix('sampling.')}"
    match field:
        case ["version"]:
            words = f"the version of {payload['kind']} stages in xdomain"
        case ["items", "identity", *rest] if payload["kind"] == StageKind.EVALUATE:
            words = _of_domain("items", rest, payload["items"]["domain"])
        case ["verifier", *rest]:
            words = _of_domain("verifier", rest, payload["items"]["domain"])
        case ["warmup", "items" | "solutions" as part, domain, *rest]:
            words = f"{_of_domain(part, rest, domain)} in the warm-up"
        case ["items" | "verifiers" | "rewards" as part, domain, *rest] if dotted not in RENAMED:
            words = _of_domain(part, rest, domain)
    return words


def _of_domain(part: str, field: list[str], domain: str) -> str:
    if part != "items":
        return f"the {part.removesuffix('s')} of {domain}{_inside(field)}"
    if not field:
        return f"the items of {domain}"
    if field[0] in DATA:
        return f"the data of {domain}{_inside(field[1:])}"
    return f"the {'.'.join(field)} of {domain}"


def _inside(field: list[str]) -> str:
    return f" ({'.'.join(field)})" if field else ""


def _shortened(left: Any, right: Any) -> tuple[str, str]:
    """Return two values as text. For texts of several lines, return the first line that differs."""
    if isinstance(left, str) and isinstance(right, str):
        one, other = left.splitlines() or [""], right.splitlines() or [""]
        pairs = zip(one + [""] * (len(other) - len(one)), other + [""] * (len(one) - len(other)), strict=True)
        left, right = next((pair for pair in pairs if pair[0] != pair[1]), (left, right))
    return _short(left), _short(right)


def _short(value: Any) -> str:
    if value == ABSENT:
        return "(default)"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
