"""Integrated gradients name the modules that did the damage: on planted changes, and against one-module resets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import Qwen3ForCausalLM

from tests.support.damaged_pair import DamagedPair, answer, batched
from tests.support.edited_checkpoints import save_edited
from xdomain.diagnosis.attribution import attribute, integrated_gradients, is_complete
from xdomain.diagnosis.inputs import StoredAnswer
from xdomain.diagnosis.line import Line, Passes
from xdomain.diagnosis.modules import Module, module_of
from xdomain.diagnosis.result import Attribution
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.tiny import tiny_qwen3


def attributed(end: Path, parent: Path, answers: Sequence[StoredAnswer], points: int = 3) -> Attribution:
    return attribute(Line(end, parent, "cpu"), batched(answers), points, 100, Passes(0, lambda done, planned: None))


def test_passes_that_more_points_need_are_planned(pair: DamagedPair) -> None:
    """One point misses the damage, so that 2, and more, are tried."""
    batches = batched(pair.right["puzzle"])
    seen: list[tuple[int, int]] = []
    passes = Passes((2 + 1 + 3) * len(batches), lambda done, planned: seen.append((done, planned)))
    found = attribute(Line(pair.damaged, pair.base, "cpu"), batches, 1, 3, passes)
    assert found.points > 1
    assert seen[0][1] < seen[-1][1]
    assert seen[-1] == (len(seen), len(seen))


def mean_of(folder: Path, answers: Sequence[StoredAnswer]) -> float:
    """Return the mean log-likelihood, from one forward pass per answer."""
    model = load_plain(folder).eval()
    with torch.no_grad():
        return sum(float(batched([each])[0].log_likelihoods(model)) for each in answers) / len(answers)


@pytest.mark.parametrize(
    ("stage", "domain", "damage"), [("damaged", "puzzle", 0.5), ("crossed", "puzzle", 0.2), ("damaged", "logic", 0.02)]
)
def test_scores_sum_to_the_damage_and_agree_with_resets(
    pair: DamagedPair, stage: str, domain: str, damage: float
) -> None:
    answers, end = pair.right[domain], getattr(pair, stage)
    found = attributed(end, pair.base, answers)
    assert found.change == pytest.approx(mean_of(end, answers) - mean_of(pair.base, answers), abs=1e-3)
    assert found.change < -damage
    assert found.complete
    assert abs(found.total - found.change) <= max(0.05 * abs(found.change), 0.005)
    assert all(each.reset is not None for each in found.modules)
    assert found.rank_correlation is not None
    assert found.rank_correlation >= 0.8


def test_scores_are_the_integral_of_the_gradient(pair: DamagedPair) -> None:
    """Against a sum over 40 midpoints, with one model per point and one backward pass per answer."""
    answers = pair.right["puzzle"][:8]
    before, after = (dict(load_plain(folder).named_parameters()) for folder in (pair.base, pair.damaged))
    expected: dict[Module, float] = {}
    model = load_plain(pair.base).eval()
    for step in range(40):
        with torch.no_grad():
            for name, weight in model.named_parameters():
                weight.copy_(before[name] + (step + 0.5) / 40 * (after[name] - before[name]))
        model.zero_grad()
        for each in answers:
            batched([each])[0].log_likelihoods(model).sum().backward()
        for name, weight in model.named_parameters():
            change = (after[name] - before[name]).detach()
            part = float((weight.grad * change).sum()) / 40 / len(answers)
            expected[module_of(name)] = expected.get(module_of(name), 0.0) + part
    found = integrated_gradients(Line(pair.damaged, pair.base, "cpu"), batched(answers), 6, lambda: None)
    assert found.keys() == expected.keys()
    for module, score in expected.items():
        assert found[module] == pytest.approx(score, rel=0.02, abs=2e-3)


def test_a_single_trained_block_carries_everything(pair: DamagedPair) -> None:
    found = attributed(pair.one_block, pair.base, pair.right["puzzle"])
    (only,) = found.modules
    assert only.module == Module(1, "mlp")
    assert found.change < -0.2
    assert only.score == pytest.approx(found.change, rel=0.05)
    assert only.reset == pytest.approx(-found.change, abs=1e-5)
    assert found.rank_correlation is None


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Changes of a model whose output layer is separate from its embeddings.

    "letters" changes the embeddings of a to z, "block" the MLP of layer 1, "both" both.
    """
    root = tmp_path_factory.mktemp("planted")
    tied, tokenizer = tiny_qwen3()
    config = tied.config
    config.tie_word_embeddings = False
    torch.manual_seed(0)
    save_full(Qwen3ForCausalLM(config), tokenizer, root / "base", chat_template=False)
    rows = tokenizer.convert_tokens_to_ids([chr(ord("a") + number) for number in range(26)])
    generator = torch.Generator().manual_seed(0)
    noise = 0.05 * torch.randn(26, 128, generator=generator)
    shift = 0.05 * torch.randn(128, 256, generator=generator)

    def letters(model) -> None:
        model.model.embed_tokens.weight[rows] += noise

    def block(model) -> None:
        model.model.layers[1].mlp.down_proj.weight += shift

    def both(model) -> None:
        letters(model)
        block(model)

    edits = {"letters": letters, "block": block, "both": both}
    return {name: save_edited(root / "base", root / name, edit) for name, edit in edits.items()} | {
        "base": root / "base"
    }


WORDS = [answer(f"{first}{second}", second + first) for first in "abcd" for second in "wxyz"]
SUMS = [answer(f"{first}+{second}=", f"{first + second}") for first in range(4) for second in range(4)]
EMBEDDINGS, BLOCK = Module(None, "embeddings"), Module(1, "mlp")


def scores(planted: dict[str, Path], name: str, answers: Sequence[StoredAnswer]) -> tuple[dict[Module, float], float]:
    found = attributed(planted[name], planted["base"], answers)
    assert found.complete
    return {each.module: each.score for each in found.modules}, found.change


def test_domains_without_a_common_weight(planted: dict[str, Path]) -> None:
    words, changed = scores(planted, "letters", WORDS)
    assert words == {EMBEDDINGS: pytest.approx(changed, abs=0.005)}
    assert abs(changed) > 0.01
    assert scores(planted, "letters", SUMS) == ({EMBEDDINGS: 0.0}, 0.0)


def test_domains_that_share_a_block(planted: dict[str, Path]) -> None:
    for answers in (WORDS, SUMS):
        found, changed = scores(planted, "block", answers)
        assert found == {BLOCK: pytest.approx(changed, abs=0.005)}
        assert abs(changed) > 0.01


def test_a_shared_block_beside_a_weight_of_one_domain(planted: dict[str, Path]) -> None:
    block_only, changed = scores(planted, "block", SUMS)
    found, both = scores(planted, "both", SUMS)
    assert found == {EMBEDDINGS: 0.0, BLOCK: pytest.approx(block_only[BLOCK], abs=1e-5)}
    assert both == pytest.approx(changed, abs=1e-5)
    words, changed = scores(planted, "both", WORDS)
    assert words.keys() == {EMBEDDINGS, BLOCK}
    assert sum(words.values()) == pytest.approx(changed, abs=max(0.005, 0.05 * abs(changed)))
    assert min(map(abs, words.values())) > 0.005


def test_points_are_doubled_until_the_scores_are_complete(pair: DamagedPair) -> None:
    answers = pair.right["puzzle"][:8]
    one = attributed(pair.damaged, pair.base, answers, points=1)
    assert one.points in (1, 2, 4, 8)
    line, batches = Line(pair.damaged, pair.base, "cpu"), batched(answers)
    tried = [
        is_complete(sum(integrated_gradients(line, batches, points, lambda: None).values()), one.change)
        for points in (1, 2, 4, 8)
    ]
    assert one.complete == any(tried)
    assert one.points == next((points for points, done in zip((1, 2, 4, 8), tried, strict=True) if done), 8)


def test_a_stage_that_changed_nothing(pair: DamagedPair) -> None:
    found = attributed(pair.base, pair.base, pair.right["logic"][:4])
    assert (found.modules, found.change, found.total, found.complete) == ((), 0.0, 0, True)
