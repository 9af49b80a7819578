"""Training and evaluation see the same prompts, end completions at the same places and judge the same texts: through
the real trainer, on tiny models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from tests.support.toy_training import CharacterDomain, toy_trainer
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError, StageError
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Domain, Item, Split
from xdomain.evaluate.prompts import prepare
from xdomain.evaluate.scoring import judge
from xdomain.generation.base import Checkpoint, Sampling
from xdomain.generation.transformers_backend import TransformersBackend
from xdomain.models.prompting import encode, opened_reasoning, render, scored_text, set_up_chat, trl_prompt
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.agreement import compare_prompts
from xdomain.train.trainer import DomainGRPOTrainer

TURNS = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
TEMPLATES = {
    "plain": None,
    "own system role": TURNS + "{% if add_generation_prompt %}[a]{% endif %}",
    "refuses system": "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    + TURNS
    + "{% if add_generation_prompt %}[a]{% endif %}",
    "drops system": "{% for m in messages %}{% if m.role == 'user' %}[u]{{ m.content }}{% endif %}{% endfor %}[a]",
    "opens reasoning": TURNS + "{% if add_generation_prompt %}[a]<think>\n{% endif %}",
    "brings its own begin": "{{ bos_token }}" + TURNS + "{% if add_generation_prompt %}[a]{% endif %}",
    "reads an argument": TURNS
    + "{% if add_generation_prompt %}[a]{% if enable_thinking is defined and not enable_thinking %}"
    + "<think>\n\n</think>\n{% else %}<think>{% endif %}{% endif %}",
}
ITEM = Item(id="1", prompt="1+1=", gold="2", system="Be brief.")


class Judged(CharacterDomain):
    """Right if the text holds a digit; keeps what it was asked to judge."""

    def __init__(self, stop: Sequence[str] = (), prompts: Sequence[str] = ("7:", "a longer one:", "x=")) -> None:
        super().__init__("judged", str.isdigit)
        self.stop = tuple(stop)
        self.prompts = prompts
        self.texts: list[str] = []

    def items(self, split: Split) -> Sequence[Item]:
        return [Item(f"{split}/{n}", prompt, "1", "Be brief.") for n, prompt in enumerate(self.prompts)]

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        self.texts += completions
        return [Verdict.right() if any(map(str.isdigit, text)) else Verdict.wrong() for text in completions]

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return verdict.score


def tokenizer_with(template: str | None, *, adds_begin: bool = False) -> PreTrainedTokenizerFast:
    tokenizer = tiny_qwen3()[1]
    tokenizer.chat_template = template
    if adds_begin:
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single="<bos> $A", special_tokens=[("<bos>", tokenizer.bos_token_id)]
        )
    return tokenizer


def trainer_on(
    folder: Path, domain: Domain, tokenizer: Any, *, chat: bool, model: Any = None, **training: Any
) -> tuple[DomainGRPOTrainer, list[dict[str, Any]], list[Item]]:
    """A trainer with this tokenizer, rows of one rollout, and their items."""
    settings = {"steps": 1, "prompts_per_step": 3, "generations": 2, **training}
    trainer = toy_trainer(folder, domains={domain.name: domain}, weights={domain.name: 1}, model=model, **settings)
    trainer = rebuilt(trainer, tokenizer)
    items = list(domain.items(Split.TRAIN))
    rows = [
        {"prompt": trl_prompt(item, chat, tokenizer), "domain": domain.name, "index": index}
        for index, item in enumerate(items)
        for _ in range(trainer.num_generations)
    ]
    return trainer, rows, [item for item in items for _ in range(trainer.num_generations)]


def rebuilt(trainer: DomainGRPOTrainer, tokenizer: Any) -> DomainGRPOTrainer:
    return DomainGRPOTrainer(
        router=trainer.router,
        domains=trainer.domains,
        strategy=trainer.strategy,
        model=trainer.model,
        processing_class=tokenizer,
        train_dataset=trainer.train_dataset,
        args=trainer.args,
    )


def evaluated(model: Any, tokenizer: Any, items: Sequence[Item], domain: Domain, *, chat: bool, tokens: int) -> Any:
    """Greedy completions and verdicts of evaluation's own path."""
    nowhere = Path()
    checkpoint = Checkpoint("tiny", nowhere, tokenizer, "float32", nowhere, (), lambda: model, {})
    prompts = prepare(items, checkpoint, chat=chat, domain=domain.name, seed=0, samples=1)
    backend = TransformersBackend(EvaluationConfig(), "cpu")
    backend.load(checkpoint)
    answered = dict(backend.generate(prompts.requests, Sampling(tokens, stop=domain.stop)))
    completions = [answered[place][0] for place in range(len(items))]
    pending = [(place, [completion]) for place, completion in enumerate(completions)]
    return completions, judge(domain, items, pending, prompts.opened), prompts


@pytest.mark.parametrize("adds_begin", [False, True], ids=["bare", "tokenizer adds begin"])
@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_prompts_have_the_same_tokens(name: str, adds_begin: bool, tmp_path: Path) -> None:
    tokenizer = tokenizer_with(TEMPLATES[name], adds_begin=adds_begin)
    chat = TEMPLATES[name] is not None
    trainer, _, _ = trainer_on(tmp_path, Judged(), tokenizer, chat=chat)
    items = [ITEM, Item(id="2", prompt="2+2=", gold="4")]
    rows = [{"prompt": trl_prompt(item, chat, tokenizer), "domain": "judged"} for item in items]
    compare_prompts(trainer, rows, items, chat)
    texts = [render(item, tokenizer, chat) for item in items]
    assert all("Be brief." in text for text in texts[:1]), "a system message that a template drops is kept"
    begins = [ids.count(tokenizer.bos_token_id) for ids in encode(texts, tokenizer, chat)]
    own = name == "brings its own begin"
    assert begins == [int(own or (adds_begin and not chat))] * 2


def test_a_tokenizer_that_tokenises_chats_otherwise_is_refused(tmp_path: Path) -> None:
    class Doubling(PreTrainedTokenizerFast):
        """Adds a begin token to chats alone, as some tokenizers of hub models do."""

        def apply_chat_template(self, conversation: Any, *arguments: Any, tokenize: bool = True, **named: Any) -> Any:
            found = super().apply_chat_template(conversation, *arguments, tokenize=tokenize, **named)
            if tokenize:
                found["input_ids"] = [[self.bos_token_id, *ids] for ids in found["input_ids"]]
            return found

    plain = tokenizer_with(None)
    tokenizer = Doubling(
        tokenizer_object=plain.backend_tokenizer,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<eos>",
        unk_token="<unk>",
        chat_template=TEMPLATES["own system role"],
    )
    trainer, _, _ = trainer_on(tmp_path, Judged(), tokenizer, chat=True)
    with pytest.raises(StageError, match=r"token 1 is '<bos>' in training and '\[' in evaluation"):
        compare_prompts(trainer, [{"prompt": trl_prompt(ITEM, True, tokenizer), "domain": "judged"}], [ITEM], True)


def test_a_prompt_that_begins_twice_is_refused(tmp_path: Path) -> None:
    tokenizer = tokenizer_with(None, adds_begin=True)
    trainer, _, _ = trainer_on(tmp_path, Judged(), tokenizer, chat=False)
    item = Item(id="1", prompt="<bos>1+1=", gold="2")
    with pytest.raises(StageError, match="begins with <bos> twice"):
        compare_prompts(trainer, [{"prompt": item.prompt, "domain": "judged"}], [item], False)


@pytest.mark.parametrize("stop", [(), ("a", "Q"), ("\n",)], ids=str)
@pytest.mark.parametrize("name", ["plain", "opens reasoning", "refuses system"])
def test_rewards_judge_what_evaluation_judges(name: str, stop: tuple[str, ...], tmp_path: Path) -> None:
    """Rollouts with top_k 1 are greedy, so both paths answer the same tokens: texts, ends and verdicts agree."""
    chat = TEMPLATES[name] is not None
    tokenizer = tokenizer_with(TEMPLATES[name])
    domain = Judged(stop)
    trainer, rows, items = trainer_on(
        tmp_path, domain, tokenizer, chat=chat, max_completion_tokens=12, grpo={"top_k": 1}
    )
    batch = trainer._generate_and_score_completions(rows)
    trained, trained_texts = trainer.scored.samples, [rollout.text for rollout in trainer._rollouts]
    completions, verdicts, prompts = evaluated(trainer.model, tokenizer, items, domain, chat=chat, tokens=12)
    texts = [scored_text(opened, each.text) for opened, each in zip(prompts.opened, completions, strict=True)]
    assert trained_texts == texts
    assert [sample.outcome for sample in trained] == [verdict.outcome for verdict in verdicts]
    assert [sample.truncated for sample in trained] == [each.finish_reason == "length" for each in completions]
    assert batch["completion_mask"].sum(dim=1).tolist() == [each.tokens for each in completions]
    assert all(text.startswith("<think>\n") for text in texts) is (name == "opens reasoning")


def test_a_reasoning_tag_is_open_only_at_a_prompts_end() -> None:
    assert opened_reasoning("[u]Think in <think> tags.[a]") == ""
    assert opened_reasoning("[a]<think>\n\n</think>\n") == ""
    assert opened_reasoning("[a]<think>\n") == "<think>\n"
    assert scored_text("<think>\n", "so\n</think>4") == "<think>\nso\n</think>4"
    assert scored_text("<think>\n", "<think>so</think>4") == "<think>so</think>4"
    assert scored_text("", "4") == "4"


LEAKS: list[dict[str, Any]] = [
    {"no_repeat_ngram_size": 1},
    {"suppress_tokens": list(range(4, 60))},
    {"typical_p": 0.05},
    {"min_p": 0.9},
    {"num_beams": 2},
    {"repetition_penalty": 5.0, "top_k": 2},
    {"forced_eos_token_id": 2, "min_new_tokens": 6},
    {"bad_words_ids": [[7], [8], [9]]},
    {"epsilon_cutoff": 0.5},
]


@pytest.mark.parametrize("own", LEAKS, ids=str)
def test_the_models_own_generation_settings_do_not_reach_rollouts(own: dict[str, Any], tmp_path: Path) -> None:
    def sampled(settings: Mapping[str, Any]) -> list[list[int]]:
        model = tiny_qwen3()[0]
        model.generation_config.update(**settings)
        before = model.generation_config.to_dict()
        trainer, rows, _ = trainer_on(tmp_path, Judged(), tokenizer_with(None), chat=False, model=model)
        torch.manual_seed(0)
        ids: list[list[int]] = trainer._generate_and_score_completions(rows)["completion_ids"].tolist()
        after = model.generation_config.to_dict()
        assert {key: after[key] for key in settings} == {key: before[key] for key in settings}, "kept for checkpoints"
        return ids

    assert sampled(own) == sampled({})


def test_every_end_token_of_the_model_ends_both(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3()
    ends = [tokenizer.eos_token_id, *tokenizer.convert_tokens_to_ids(list("0123456789abcdefghijklm"))]
    model.generation_config.eos_token_id = ends[1:]
    domain = Judged()
    trainer, rows, items = trainer_on(
        tmp_path, domain, tokenizer, chat=False, model=model, max_completion_tokens=20, grpo={"top_k": 1}
    )
    trainer._generate_and_score_completions(rows)
    completions, _, _ = evaluated(trainer.model, tokenizer, items, domain, chat=False, tokens=20)
    assert [rollout.text for rollout in trainer._rollouts] == [each.text for each in completions]
    assert [len(rollout.token_ids) for rollout in trainer._rollouts] == [each.tokens for each in completions]
    assert sorted(trainer.eos_token_ids) == sorted(ends)


@pytest.mark.parametrize("attribute", ["response_schema", "response_template"])
def test_a_tokenizer_that_parses_responses_changes_no_reward(attribute: str, tmp_path: Path) -> None:
    """TRL hands parsed messages to rewards where the tokenizer has a schema; evaluation judges the text."""
    tokenizer = tokenizer_with(TEMPLATES["own system role"])
    thinking = {"type": "string", "x-regex": r"(?s)^(.*)$"}
    schema = {"type": "object", "properties": {"role": {"const": "assistant"}, "thinking": thinking}}
    setattr(tokenizer, attribute, schema)
    domain = Judged()
    trainer, rows, items = trainer_on(
        tmp_path, domain, tokenizer, chat=True, max_completion_tokens=9, grpo={"top_k": 1}
    )
    trainer._generate_and_score_completions(rows)
    completions, _, _ = evaluated(trainer.model, tokenizer, items, domain, chat=True, tokens=9)
    assert [rollout.text for rollout in trainer._rollouts] == [each.text for each in completions]
    assert getattr(tokenizer, attribute) == schema, "kept for checkpoints"


def test_a_truncated_rollout_is_wrong_as_in_evaluation(tmp_path: Path) -> None:
    domain = Judged()
    trainer, rows, _ = trainer_on(tmp_path, domain, tokenizer_with(None), chat=False, max_completion_tokens=2)
    trainer._generate_and_score_completions(rows)
    cut_off = [sample for sample in trainer.scored.samples if sample.truncated]
    assert cut_off
    assert {sample.outcome for sample in cut_off} == {Outcome.WRONG}
    assert len(domain.texts) == len(rows) - len(cut_off), "what is truncated is not looked at"


@pytest.mark.parametrize("masked", [False, True])
def test_counts_are_of_what_was_generated(masked: bool, tmp_path: Path) -> None:
    """Masking truncated completions leaves them out of the loss, not out of the counts."""

    def rollout(mask: bool) -> tuple[Any, Any]:
        trainer, rows, _ = trainer_on(
            tmp_path,
            Judged(("7", "8", "a", "e")),
            tokenizer_with(None),
            chat=False,
            max_completion_tokens=8,
            generations=8,
            grpo={"mask_truncated_completions": mask},
        )
        torch.manual_seed(0)
        batch = trainer._generate_and_score_completions(rows)
        return trainer, batch

    trainer, batch = rollout(masked)
    counts = trainer.rollout_metrics["domains"]["judged"]
    lengths = [len(each.token_ids) for each in trainer._rollouts]
    truncated = [each.truncated for each in trainer._rollouts]
    assert 0 < sum(truncated) < len(truncated)
    assert counts["completion_tokens"] == sum(lengths)
    assert counts["truncated"] == sum(truncated) / len(truncated)
    kept = [0 if masked and cut_off else length for length, cut_off in zip(lengths, truncated, strict=True)]
    assert batch["completion_mask"].sum(dim=1).tolist() == kept
    assert int(batch["num_items_in_batch"]) == sum(kept)
    other, _ = rollout(not masked)
    same = {"prompts", "informative_groups", "reward", "right", "truncated", "completion_tokens", "mean_length"}
    beside = other.rollout_metrics["domains"]["judged"]
    assert {key: counts[key] for key in same} == {key: beside[key] for key in same}


def gpt2(context: int) -> GPT2LMHeadModel:
    tokenizer = tiny_qwen3()[1]
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=context,
            n_embd=32,
            n_layer=2,
            n_head=2,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    ).eval()


@pytest.mark.parametrize("learned", [False, True], ids=["rotary", "learned positions"])
def test_completions_end_where_the_models_context_is_full(learned: bool, tmp_path: Path) -> None:
    tokenizer = tokenizer_with(None)
    model = gpt2(40) if learned else tiny_qwen3()[0]
    model.config.max_position_embeddings = 40
    domain = Judged(prompts=("7:", "a" * 20, "b" * 25))
    trainer, rows, items = trainer_on(
        tmp_path, domain, tokenizer, chat=False, model=model, max_completion_tokens=24, grpo={"top_k": 1}
    )
    trainer._generate_and_score_completions(rows)
    completions, _, _ = evaluated(trainer.model, tokenizer, items, domain, chat=False, tokens=24)
    assert [len(rollout.token_ids) for rollout in trainer._rollouts] == [each.tokens for each in completions]
    assert [rollout.text for rollout in trainer._rollouts] == [each.text for each in completions]
    assert min(each.tokens or 0 for each in completions) <= 4


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_log_probabilities_are_those_of_the_evaluated_model(temperature: float, tmp_path: Path) -> None:
    """The trainer's padded batch against one row at a time, float32."""
    tokenizer = tokenizer_with(TEMPLATES["opens reasoning"])
    trainer, rows, items = trainer_on(tmp_path, Judged(), tokenizer, chat=True, temperature=temperature)
    batch = trainer._generate_and_score_completions(rows)
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    width = batch["completion_ids"].size(1)
    with torch.no_grad():
        found, _, _ = trainer._get_per_token_logps_and_entropies(trainer.model, ids, mask, width)
        prompts = encode([render(item, tokenizer, True) for item in items], tokenizer, True)
        for row, prompt, rollout in zip(found, prompts, trainer._rollouts, strict=True):
            logits = trainer.model(torch.tensor([[*prompt, *rollout.token_ids]])).logits[0, len(prompt) - 1 : -1]
            expected = (logits / temperature).log_softmax(-1)[range(len(rollout.token_ids)), rollout.token_ids]
            assert torch.allclose(row[: len(rollout.token_ids)], expected, atol=1e-5)


def test_a_special_reasoning_token_stays_in_the_text() -> None:
    from xdomain.generation.stopping import StopStrings

    tokenizer = tokenizer_with(None)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>", "<|x|>"]})
    ids = tokenizer("<think>so</think><|x|>4", add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=True) == "so4"
    assert StopStrings(tokenizer, ()).read([*ids, tokenizer.eos_token_id], {tokenizer.eos_token_id}) == (
        "<think>so</think>4",
        True,
    )


def test_chat_template_arguments_are_written_into_the_template() -> None:
    tokenizer = tokenizer_with(TEMPLATES["reads an argument"])
    assert opened_reasoning(render(ITEM, tokenizer, True)) == "<think>"
    config = ModelConfig(preset="tiny_qwen3", chat_template_kwargs={"enable_thinking": False})
    assert set_up_chat(config, tokenizer)
    assert render(ITEM, tokenizer, True).endswith("[a]<think>\n\n</think>\n")


@pytest.mark.parametrize(
    "value", [None, True, 'it\'s "quoted" {% %} \\ é\n', 1.5, [1, "two", None], {"a": [True, None]}], ids=repr
)
def test_any_plain_value_can_be_an_argument(value: Any) -> None:
    tokenizer = tokenizer_with("{{ given | tojson }}|{{ given is none }}")
    direct = tokenizer.apply_chat_template([{"role": "user", "content": ""}], tokenize=False, given=value)
    set_up_chat(ModelConfig(preset="tiny_qwen3", chat_template_kwargs={"given": value}), tokenizer)
    assert render(ITEM, tokenizer, True) == direct


def test_prompts_do_not_change_with_the_day() -> None:
    today = "{% if not date is defined %}{% set date = strftime_now('%d %b %Y') %}{% endif %}"
    inside = "{% macro show() %}{{ strftime_now('%Y') }}{% endmacro %}"
    tokenizer = tokenizer_with(today + inside + "{{ date }} {{ show() }}")
    for _ in range(2):  # a checkpoint that is prepared again
        set_up_chat(ModelConfig(preset="tiny_qwen3"), tokenizer)
        assert render(ITEM, tokenizer, True) == "2025-01-01 2025-01-01"
    set_up_chat(ModelConfig(preset="tiny_qwen3", chat_template_kwargs={"date": "26 Jul 2024"}), tokenizer)
    assert render(ITEM, tokenizer, True).startswith("26 Jul 2024")


@pytest.mark.parametrize(
    ("template", "kwargs", "words"),
    [
        (None, {"enable_thinking": False}, "do not go through a chat template"),
        (TURNS, {"enable_thinkin": False}, 'does not read "enable_thinkin"'),
    ],
)
def test_arguments_without_effect_are_refused(template: str | None, kwargs: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        set_up_chat(ModelConfig(preset="tiny_qwen3", chat_template_kwargs=kwargs), tokenizer_with(template))


def test_a_template_that_takes_no_text_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="cannot render a user's message"):
        render(ITEM, tokenizer_with("{{ raise_exception('content should be a list of parts') }}"), True)


def test_character_domains_train_as_before(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, domains={"digits": CharacterDomain("digits", str.isdigit)}, steps=2)
    trainer.train()
    assert trainer.state.global_step == 2
