"""The stage that resets the entries of a checkpoint that did the damage to those of an earlier checkpoint.

With p the earlier checkpoint and d the change since then, an entry's score is its integrated gradient of the mean
log-likelihood of p's own right completions (`diagnosis.attribution`). The entries with the most negative scores are set
to those of p. Adapters are merged first, so a rollback has full weights.

Source: ours, on the integrated gradients of Sundararajan et al. 2017 (1703.01365).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import StageError
from xdomain.core.parquet import read_rows
from xdomain.core.records import Outcome
from xdomain.core.stage import StageContext, StageResult
from xdomain.derive.dev_choice import choose_on_dev
from xdomain.diagnosis.answers import batches_of
from xdomain.diagnosis.attribution import entry_scores, is_complete, numbers_of_points
from xdomain.diagnosis.inputs import StoredAnswer
from xdomain.diagnosis.line import Line, Passes, mean_log_likelihood
from xdomain.diagnosis.modules import module_of
from xdomain.diagnosis.ranking import Ranking, most_negative, random_scores
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.draw import choose_items
from xdomain.evaluate.backend_cache import BackendCache
from xdomain.generation.base import FinishReason
from xdomain.models.checkpoint import load_plain, load_tokenizer, read_info, save_full
from xdomain.plan.rollbacks import SHARES
from xdomain.plan.stage import EvaluateStage, RollbackStage


def run_rollback(stage: RollbackStage, context: StageContext, cache: BackendCache | None = None) -> StageResult:
    """Write `checkpoints/step-000000`, the repaired checkpoint.

    Raises:
        StageError: The earlier checkpoint has no right completion, or a domain has no dev items to choose a share on.
    """
    begun = time.perf_counter()
    end, earlier = (checkpoint_folder(context.inputs[ref.stage], ref.step) for ref in stage.inputs)
    target = checkpoint_folder(context.work, stage.end.step)
    after, before = load_plain(end), load_plain(earlier)
    size = sum(weight.numel() for weight in after.parameters())
    shares = SHARES if stage.share is None else (stage.share,)
    ranking, summary = _ranking(stage, context, end, earlier, round(max(shares) * size))

    def write(share: float, folder: Path) -> bool:
        _write(after, before, ranking.first(round(share * size)), end, folder)
        return True

    if stage.share is not None:
        write(stage.share, target)
        share = stage.share
    else:
        choice = choose_on_dev(shares, write, stage.dev, target, context, cache)
        if choice is None:
            return StageResult(finished=False, summary={})
        share, summary = choice.value, {**summary, **choice.summary()}
    resets = ranking.first(round(share * size))
    summary |= {"steps": 0, "share": share, "entries": size, "reset": sum(map(len, resets.values()))}
    modules = Counter({name: len(indices) for name, indices in resets.items()})
    summary["reset_by_module"] = _by_module(modules)
    if stage.answers is not None:
        summary["expected_change"] = -float(ranking.scores[: summary["reset"]].sum())
    print(f"reset {summary['reset']:,} of {size:,} entries ({share:.3%})", flush=True)
    return StageResult(finished=True, summary={**summary, "seconds": time.perf_counter() - begun})


def _ranking(
    stage: RollbackStage, context: StageContext, end: Path, earlier: Path, count: int
) -> tuple[Ranking, dict[str, Any]]:
    """Return the entries in the order in which they are reset, at most `count`, and figures for the summary."""
    if stage.answers is None:
        line = Line(end, earlier, "cpu")
        return most_negative(random_scores(line.weights.items(), context.seed), count), {}
    line = Line(end, earlier, context.device)
    vocabulary = line.model.get_input_embeddings().weight.shape[0]
    answers = _right_answers(stage.answers, context)
    batches = batches_of(
        answers, load_tokenizer(end), chat=read_info(end).chat_template, vocabulary=vocabulary, device=context.device
    )
    passes = Passes(len(batches) * (2 + stage.points), context.reporter.progress)
    levels = []
    for share in (0.0, 1.0):
        line.move(share)
        levels.append(mean_log_likelihood(line, batches, passes))
    change = levels[1] - levels[0]
    for points in numbers_of_points(stage.points, batches, passes):
        scores = entry_scores(line, batches, points, passes)
        if is_complete(_sum(scores), change):
            break
    found = {"points": points, "change": change, "total": _sum(scores), "right_completions": len(answers)}
    print(
        f"the mean log-likelihood of {len(answers)} right completions changed by {change:.3g} nats; the scores of "
        f"all entries sum to {found['total']:.3g}",
        flush=True,
    )
    return most_negative(scores.items(), count), found


def _right_answers(answers: EvaluateStage, context: StageContext) -> list[StoredAnswer]:
    """Return the first right completion of each item that the earlier checkpoint answered right."""
    domain = build_domain(answers.domain_entry)
    try:
        items = {item.id: item for item in choose_items(domain, answers.settings, Split(answers.split))}
        stops = bool(domain.stop)
    finally:
        domain.close()
    found: dict[str, StoredAnswer] = {}
    for row in read_rows(context.inputs[answers.key] / "records.parquet"):
        if row.outcome == Outcome.RIGHT and row.finish_reason == FinishReason.STOP and row.item_id not in found:
            found[row.item_id] = StoredAnswer(items[row.item_id], row.prompt_hash, row.completion, ended=not stops)
    if not found:
        raise StageError(
            f"{answers.checkpoint_title} answers none of {len(items)} training items of {answers.domain} right, so "
            "nothing shows which entries did the damage.",
            where="curricula",
            fix="Roll back to a phase that learned its domain, or evaluate with more samples.",
        )
    return list(found.values())


def _write(after: Any, before: Any, resets: Mapping[str, Tensor], end: Path, folder: Path) -> None:
    """Write the checkpoint `end` with some entries of an earlier model. The models are unchanged afterwards."""
    weights, earlier = dict(after.named_parameters()), dict(before.named_parameters())
    kept = {}
    with torch.no_grad():
        for name, indices in resets.items():
            flat = weights[name].view(-1)
            kept[name] = flat[indices]
            flat[indices] = earlier[name].reshape(-1)[indices]
        save_full(after, load_tokenizer(end), folder, chat_template=read_info(end).chat_template)
        for name, indices in resets.items():
            weights[name].view(-1)[indices] = kept[name]


def _by_module(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the number of entries by module, in the order of the forward pass."""
    modules = {module_of(name) for name in counts}
    return {
        module.label: sum(count for name, count in counts.items() if module_of(name) == module)
        for module in sorted(modules, key=lambda module: module.position)
    }


def _sum(scores: Mapping[str, Tensor]) -> float:
    return sum(float(score.double().sum()) for score in scores.values())
