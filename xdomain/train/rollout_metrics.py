"""Counts and means of one rollout by domain, and their totals over a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.core.records import Outcome
from xdomain.train.quotas import informative
from xdomain.train.rewards import ScoredSample


def domain_metrics(
    samples: Sequence[ScoredSample], advantages: Sequence[float], lengths: Sequence[int], group: int
) -> dict[str, dict[str, Any]]:
    """Return counts and means of one rollout by domain.

    Args:
        samples: The n scored samples. Samples of a group are adjacent.
        advantages: Advantage of each of n samples; 0 for completions that the loss leaves out.
        lengths: Generated length of each of n completions in tokens.
        group: Number of samples per prompt.

    Returns:
        For each domain: prompts, informative_groups (rewards not all equal: only these carry gradient),
        zero_variance_share, reward (mean over samples that have one), shares of right, malformed, unscored and
        truncated completions, completion_tokens (sum), mean_length, teaching_groups (informative groups that kept their
        advantages), and gradient_share (ours): the domain's share of the sum of |advantage| x tokens, by which a
        token-mean loss weighs it.
    """
    mass = [abs(advantage) * length for advantage, length in zip(advantages, lengths, strict=True)]
    total_mass = sum(mass)
    found: dict[str, dict[str, Any]] = {}
    for name in sorted({sample.domain for sample in samples}):
        places = [place for place, sample in enumerate(samples) if sample.domain == name]
        own = [samples[place] for place in places]
        rewards = [sample.reward for sample in own if sample.reward is not None]
        groups = [own[start : start + group] for start in range(0, len(own), group)]
        differing = sum(informative([sample.reward for sample in each]) for each in groups)
        tokens = sum(lengths[place] for place in places)
        found[name] = {
            "prompts": len(groups),
            "informative_groups": differing,
            "zero_variance_share": 1 - differing / len(groups),
            "reward": sum(rewards) / len(rewards) if rewards else None,
            "right": sum(sample.outcome is Outcome.RIGHT for sample in own) / len(own),
            "malformed": sum(sample.outcome is Outcome.MALFORMED for sample in own) / len(own),
            "unscored": sum(sample.outcome is Outcome.UNSCORED for sample in own) / len(own),
            "truncated": sum(sample.truncated for sample in own) / len(own),
            "completion_tokens": int(tokens),
            "mean_length": tokens / len(own),
            "teaching_groups": sum(
                informative([samples[place].reward for place in each]) and any(advantages[place] for place in each)
                for each in (places[start : start + group] for start in range(0, len(places), group))
            ),
            "gradient_share": sum(mass[place] for place in places) / total_mass if total_mass > 0 else None,
        }
    return found


def stage_totals(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return totals over the lines of a stage's metrics file, including those from before a resume.

    A distillation has no informative groups, but tokens that were taught and the seconds of its teachers' passes.
    """
    by_domain = [values for line in lines for values in line.get("domains", {}).values()]
    distilled = [line["distillation"] for line in lines if "distillation" in line]
    informative_groups = sum(values.get("informative_groups", 0) for values in by_domain)
    taught = {
        "taught_tokens": sum(sum(each["tokens"].values()) for each in distilled),
        "teacher_passes": sum(sum(each["completions"].values()) for each in distilled),
        "teacher_seconds": sum(each["teacher_seconds"] for each in distilled),
    }
    return {
        "steps": len(lines),
        "prompts": sum(values["prompts"] for values in by_domain),
        "informative_groups": None if distilled else informative_groups,
        "completion_tokens": sum(values["completion_tokens"] for values in by_domain),
        "truncated_share": _truncated_share(by_domain),
        "rollout_seconds": sum(line.get("rollout_seconds", 0.0) for line in lines),
        "training_seconds": sum(line["seconds"] for line in lines) if all("seconds" in x for x in lines) else None,
        "update_processor_seconds": _update_processor_seconds(lines),
        "step_seconds": sum(line.get("step_time") or 0.0 for line in lines),
        **(taught if distilled else {}),
    }


def _truncated_share(by_domain: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the share of completions that ran out of tokens; None if an earlier version wrote some of the lines."""
    if not by_domain or not all("truncated" in values for values in by_domain):
        return None
    cut_off = sum(values["truncated"] * values["prompts"] for values in by_domain)
    return float(cut_off / sum(values["prompts"] for values in by_domain))


def _update_processor_seconds(lines: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the processor seconds of the steps without rollouts; None if an earlier version wrote some of the
    lines."""
    if not all("processor_seconds" in line for line in lines):
        return None
    spent: list[float] = [line["processor_seconds"] - line.get("rollout_processor_seconds", 0.0) for line in lines]
    return sum(spent)
