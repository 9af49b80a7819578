"""Sample and read rollouts as evaluation does: with only the file's settings, the same end, and the same text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from transformers import GenerationConfig

from xdomain.domains.base import Item
from xdomain.generation.stopping import StopStrings
from xdomain.models.prompting import encode, opened_reasoning, plain_text, render, render_prompt, scored_text

TEMPLATE_TOKENS, SPECIAL_TOKENS = 1024, 8
"""Numbers of tokens: more than a chat template adds to a prompt, and more than a tokenizer adds to a text."""


def prompt_fits(item: Item, tokenizer: Any, chat: bool, limit: int | None) -> bool:
    """Return whether an item's prompt has at most `limit` tokens. Only prompts that may be too long are tokenised."""
    added = TEMPLATE_TOKENS if chat else SPECIAL_TOKENS
    if limit is None or len(plain_text(item).encode()) + added <= limit:  # a token is at least one byte of the text
        return True
    (ids,) = encode([render(item, tokenizer, chat)], tokenizer, chat)
    return len(ids) <= limit


@contextmanager
def settings_of_the_file(model: Any, context: int | None) -> Iterator[None]:
    """Sample without the model's own generation settings while the block runs.

    transformers fills every setting that TRL leaves open (`no_repeat_ngram_size`, `typical_p`, `num_beams`, ...) from
    the model's `generation_config`, so rollouts would be drawn from another distribution than the one whose
    log-probabilities TRL computes. End tokens are TRL's own, taken from the model before.

    Args:
        model: The plain model or a peft model.
        context: Length of the model's context in tokens; None for no limit. Later positions are replaced by the last
            one, since a table of learned positions ends there. Tokens at such positions are cut off afterwards.
    """
    model = model.get_base_model() if hasattr(model, "get_base_model") else model
    own = model.generation_config

    def hold(module: Any, arguments: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        positions = named.get("position_ids")
        return arguments, named if positions is None else {**named, "position_ids": positions.clamp(max=last)}

    last = (context or 0) - 1
    hook = model.register_forward_pre_hook(hold, with_kwargs=True) if context is not None else None
    model.generation_config = GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = own
        if hook is not None:
            hook.remove()


@contextmanager
def without_parsing(tokenizer: Any) -> Iterator[None]:
    """Prevent TRL from parsing completions by the tokenizer's response template while the block runs.

    Rewards judge the same text as evaluation, and a legacy `response_schema` makes TRL 1.16 fail.
    """
    names = [name for name in ("response_template", "response_schema") if getattr(tokenizer, name, None) is not None]
    own = {name: getattr(tokenizer, name) for name in names}
    for name in own:
        setattr(tokenizer, name, None)
    try:
        yield
    finally:
        for name, value in own.items():
            setattr(tokenizer, name, value)


@dataclass(frozen=True)
class Rollout:
    """A sampled completion.

    Attributes:
        token_ids: Tokens up to the end token, the token that completes a stop string, or the last one that fits.
        truncated: Whether it ends without an end token or a stop string.
        text: Text that the verifier judges.
    """

    token_ids: list[int]
    truncated: bool
    text: str


class RolloutReader:
    """A reader of sampled tokens that gives the same text as evaluation's backends.

    Args:
        tokenizer: Tokenizer that decodes the tokens.
        ends: Ids of the end tokens.
        context: Tokens of prompt and completion that fit into the model; None for no limit.
        stop: Stop strings by domain.
    """

    def __init__(
        self, tokenizer: Any, ends: Sequence[int], context: int | None, stop: dict[str, tuple[str, ...]]
    ) -> None:
        self._tokenizer = tokenizer
        self._ends = frozenset(ends)
        self._context = context
        self._watch = {domain: StopStrings(tokenizer, texts) for domain, texts in stop.items()}

    def read(self, row: dict[str, Any], prompt_tokens: int, token_ids: Sequence[int]) -> Rollout:
        """Return the completion that evaluation would have read from these tokens.

        Args:
            row: Row of the data set, with `prompt` and `domain`.
            prompt_tokens: Length of the prompt in tokens.
            token_ids: Sampled tokens.
        """
        watch = self._watch[row["domain"]]
        room = len(token_ids) if self._context is None else max(1, self._context - prompt_tokens)
        kept = list(token_ids[:room])
        kept = kept[: watch.first_stop(kept)]
        text, whole = watch.read(kept, self._ends)
        opened = opened_reasoning(render_prompt(row["prompt"], self._tokenizer))
        return Rollout(kept, not whole, scored_text(opened, text))
