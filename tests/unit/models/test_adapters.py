"""Adapters and their merge: what rounding loses, tied weights, float32 masters, displacement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.families import tiny_model
from tests.support.plans import make_experiment
from xdomain.config.model import LoraConfig
from xdomain.core.errors import ConfigError, StageError
from xdomain.models.adapters import adapted_weights, check_merge, new_adapter, try_adapter
from xdomain.models.checkpoint import load_adapter, load_plain, read_info, save_adapter, save_full
from xdomain.models.rounding import rounds_as
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer
from xdomain.plan.checks import precision_note
from xdomain.train.displacement import displacement

PROMPTS = [[5, 6, 7, 8], [20, 30, 40, 50, 60, 70]]


def adapted(root: Path, model: Any, size: float, merge_dtype: str | None = None, **lora: Any) -> tuple[Any, Path]:
    """A peft model whose adapter changes every weight by about `size`, and the folder of its checkpoint."""
    save_full(model, tiny_tokenizer(), root / "base", chat_template=False)
    torch.manual_seed(0)
    both = new_adapter(load_plain(root / "base"), LoraConfig(r=4, alpha=4, **lora), random=True)
    for name, parameter in both.named_parameters():
        if "lora_B" in name:
            parameter.data.mul_(size)
    save_adapter(both, root / "adapter", root / "base", merge_dtype)
    return both, root / "adapter"


def test_a_merge_into_bfloat16_says_what_rounding_lost(tmp_path: Path) -> None:
    shares = []
    for size in (1.0, 1e-3):
        root = tmp_path / str(size)
        both, folder = adapted(root, tiny_qwen3(seed=3)[0].bfloat16(), size)
        changes = {name: change for name, _, change in adapted_weights(both)}
        before = {name: weight.float() for name, weight in load_plain(root / "base").state_dict().items()}
        after = {name: weight.float() for name, weight in load_plain(folder).state_dict().items()}
        lost = sum(float((after[n] - before[n] - changes[n]).square().sum()) for n in changes)
        share = (lost / sum(float(change.square().sum()) for change in changes.values())) ** 0.5
        found = check_merge(both, folder, PROMPTS)
        assert found["lost_share"] == pytest.approx(share, rel=1e-3)
        shares.append(share)
    assert shares[0] < 0.1
    assert shares[1] > 0.5, "a small update is mostly rounded away"


def test_float32_masters_lose_nothing(tmp_path: Path) -> None:
    both, folder = adapted(tmp_path, tiny_qwen3(seed=3)[0].bfloat16(), 1e-3, "float32")
    assert read_info(folder).dtype == "float32"
    assert {weight.dtype for weight in load_plain(folder).parameters()} == {torch.float32}
    found = check_merge(both, folder, PROMPTS)
    assert found["lost_share"] < 1e-3
    # The next stage lies on the merged weights as they are.
    above = new_adapter(load_plain(folder), LoraConfig(r=4))
    save_adapter(above, tmp_path / "next", folder)
    assert load_plain(tmp_path / "next").dtype == torch.float32


def test_a_merge_that_is_not_what_was_trained_fails_with_the_difference(tmp_path: Path) -> None:
    both, folder = adapted(tmp_path, tiny_qwen3(seed=3)[0], 1.0)
    with torch.no_grad():
        next(each for name, each in both.named_parameters() if "lora_B" in name).add_(0.5)
    with pytest.raises(StageError, match=r"not the one that was trained: logits differ by up to \d"):
        check_merge(both, folder, PROMPTS)


def test_an_adapter_that_changes_nothing_has_no_lost_share(tmp_path: Path) -> None:
    both, folder = adapted(tmp_path, tiny_qwen3(seed=3)[0], 0.0)
    assert check_merge(both, folder, PROMPTS)["lost_share"] is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_trial_of_adapters_does_not_mistake_rounding(dtype: torch.dtype) -> None:
    cases = (("gpt2", "all-linear", True), ("jamba", ["q_proj"], True), ("mamba", ["dt_proj"], False))
    for family, targets, sound in cases:
        lora = LoraConfig(r=4, alpha=32, target_modules=targets)
        if sound:
            try_adapter(tiny_model(family).to(dtype), lora, PROMPTS[1])
        else:
            with pytest.raises(ConfigError, match="its forward pass leaves some of them out"):
                try_adapter(tiny_model(family).to(dtype), lora, PROMPTS[1])


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (["embed_tokens"], "model.embed_tokens.weight of Qwen3ForCausalLM is tied to another weight"),
        (["q_proj", "lm_head"], "the output layer of Qwen3ForCausalLM cannot be adapted"),
        (["no_such_layer"], "no adapter can be put on Qwen3ForCausalLM: Target modules"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_targets_that_are_refused(targets: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=r"model\.lora\.target_modules") as caught:
        new_adapter(tiny_qwen3()[0], LoraConfig(target_modules=targets))
    assert words in caught.value.paragraph()


@pytest.mark.parametrize(
    ("family", "targets"),
    [
        ("llama", ["embed_tokens", "q_proj"]),  # not tied
        ("qwen3_moe", ["gate_proj", "up_proj", "down_proj"]),  # stacks of experts
        ("gpt2", ["c_attn"]),  # stored as (in, out)
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_displacement_is_the_change_of_the_merged_weights(family: str, targets: list[str], tmp_path: Path) -> None:
    both, folder = adapted(tmp_path, tiny_model(family), 0.5, target_modules=targets)
    assert check_merge(both, folder, PROMPTS)["lost_share"] < 1e-4
    before, after = (load_plain(each).state_dict() for each in (tmp_path / "base", folder))
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert len(changed) >= len(targets)
    truth = sum(float((after[name].double() - before[name].double()).square().sum()) for name in before) ** 0.5
    assert displacement(folder, tmp_path / "base") == pytest.approx(truth, rel=1e-3)
    save_full(load_plain(folder), tiny_tokenizer(), tmp_path / "full", chat_template=False)
    assert displacement(tmp_path / "full", tmp_path / "base") == pytest.approx(truth, rel=1e-5)


def test_a_tied_weight_counts_once(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3()
    save_full(model, tokenizer, tmp_path / "before", chat_template=False)
    with torch.no_grad():
        model.get_input_embeddings().weight[7] += 2.0
    assert model.lm_head.weight is model.get_input_embeddings().weight
    save_full(model, tokenizer, tmp_path / "after", chat_template=False)
    width = model.config.hidden_size
    assert displacement(tmp_path / "after", tmp_path / "before") == pytest.approx(2.0 * width**0.5, rel=1e-6)


def test_an_adapter_trained_on_counts_from_where_it_began(tmp_path: Path) -> None:
    _, first = adapted(tmp_path, tiny_qwen3(seed=3)[0], 0.5)
    again = load_adapter(first, trainable=True)
    for name, parameter in again.named_parameters():
        if "lora_B" in name:
            parameter.data.mul_(1.1)
    save_adapter(again, tmp_path / "second", tmp_path / "base")
    whole = displacement(first, tmp_path / "base")
    assert displacement(tmp_path / "second", first) == pytest.approx(0.1 * whole, rel=1e-4)


@pytest.mark.parametrize(
    ("model", "rate", "warned"),
    [
        ({"dtype": "bfloat16"}, 1e-6, True),
        ({"dtype": "bfloat16"}, 1e-4, False),
        ({"dtype": "float32"}, 1e-6, False),
        ({"dtype": "bfloat16", "lora": {"r": 4}}, 1e-6, False),
    ],
)
def test_the_plan_warns_of_steps_that_bfloat16_rounds_away(model: Any, rate: float, warned: bool) -> None:
    note = precision_note(make_experiment(model={"preset": "tiny_qwen3", **model}).model, rate)
    assert (note is not None) == warned


def test_the_figure_of_the_warning_is_that_of_torch() -> None:
    note = precision_note(make_experiment(model={"preset": "tiny_qwen3", "dtype": "bfloat16"}).model, 1e-6)
    assert note is not None
    assert "learning_rate 1e-06" in note
    assert "above 0.0005" in note
    weights = torch.logspace(-5, 0, 500).bfloat16()
    stays = (weights + torch.tensor(1e-6).bfloat16()) == weights
    assert bool(stays[weights.float() > 1e-6 * 2**9].all())
    assert not bool(stays[weights.float() < 1e-6 * 2**8].any())


@pytest.mark.parametrize(("precision", "expected"), [("ieee", torch.float32), ("tf32", torch.float16)])
def test_tf32_rounds_as_float16(precision: str, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends, "fp32_precision", precision)
    assert rounds_as(torch.float32) is expected
    assert rounds_as(torch.bfloat16) is torch.bfloat16
    assert rounds_as(torch.float64) is torch.float64
