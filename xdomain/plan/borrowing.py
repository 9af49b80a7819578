"""What one evaluation may take over from another: completions that would be drawn again, verdicts that would be given
again.

Evaluations whose `draw_key` is equal ask one checkpoint with one sampling. Of such a pair the same prompt with the same
seed has the same completion, whatever else the two evaluate: other items, other samples, another verifier, rows added
to the data. Which prompts those are is seen in the records themselves: item, prompt hash and seed have to agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdomain.config.backend import REPEATS_SAMPLES
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.identity import same_completions


def draw_key(payload: Mapping[str, Any]) -> str:
    """Return the fingerprint of all that decides an evaluation's completions but the items and their number."""
    kept = {name: value for name, value in payload.items() if name not in ("verifier", "items", "sampling")}
    kept["items"] = {name: payload["items"][name] for name in ("domain", "split")}
    kept["sampling"] = {name: value for name, value in payload["sampling"].items() if name != "samples"}
    return fingerprint(kept)


def may_borrow(payload: Mapping[str, Any], lender: Mapping[str, Any]) -> bool:
    """Tell whether an evaluation may take completions of another one with the same `draw_key`.

    A backend that does not promise equal samples for equal seeds lends them only whole, to be judged by another
    verifier: of it, some that are stored and some that are new would not be what one evaluation draws.
    """
    return repeats_samples(payload) or same_completions(payload, lender)


def repeats_samples(payload: Mapping[str, Any]) -> bool:
    """Tell whether the evaluation would draw the same completion again for the same prompt and seed, up to rounding."""
    sampling = payload["sampling"]
    return sampling["temperature"] == 0 or sampling["backend"] in REPEATS_SAMPLES


def judged_alike(payload: Mapping[str, Any], lender: Mapping[str, Any]) -> bool:
    """Tell whether both give a completion of an item the same verdict: same verifier, golds and metadata."""
    same_items = payload["items"]["identity"] == lender["items"]["identity"]
    return bool(same_items and payload["verifier"] == lender["verifier"])
