"""Rules for reusing completions and verdicts of one evaluation in another.

Two evaluations with equal `draw_key` query the same checkpoint with the same sampling settings. The same prompt with
the same seed then gives the same completion in both. This holds even if the number of items or samples, the verifier or
other rows of the data differ. The records show which prompts both share: item id, prompt hash and seed must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdomain.config.backend import REPEATS_SAMPLES
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.identity import same_completions
from xdomain.plan.stage import EvaluateStage


def draw_key(payload: Mapping[str, Any]) -> str:
    """Return the fingerprint of everything that determines completions, except the items and the number of samples."""
    kept = {name: value for name, value in payload.items() if name not in ("verifier", "items", "sampling")}
    kept["items"] = {name: payload["items"][name] for name in ("domain", "split")}
    kept["sampling"] = {name: value for name, value in payload["sampling"].items() if name != "samples"}
    return fingerprint(kept)


def may_borrow(stage: EvaluateStage, lender: Mapping[str, Any]) -> bool:
    """Return whether an evaluation may reuse completions of the payload `lender`, which has the same `draw_key`.

    If a backend does not guarantee equal samples for equal seeds, completions are reused only if all of them can be. A
    mixture of stored and new samples would differ from what a single evaluation draws.
    """
    return repeats_samples(stage.settings) or same_completions(stage.payload, lender)


def repeats_samples(settings: EvaluationConfig) -> bool:
    """Return whether the same prompt and seed give the same completion again, up to rounding."""
    return settings.temperature == 0 or settings.backend in REPEATS_SAMPLES


def judged_alike(payload: Mapping[str, Any], lender: Mapping[str, Any]) -> bool:
    """Return whether both evaluations judge completions the same way: same verifier, gold answers and metadata."""
    same_items = payload["items"]["identity"] == lender["items"]["identity"]
    return bool(same_items and payload["verifier"] == lender["verifier"])
