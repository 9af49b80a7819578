"""Prompts of a domain's items as requests. The chat template is applied once, here or by the endpoint's server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from xdomain.core.fingerprint import text_digest
from xdomain.core.seeds import derive_seed
from xdomain.domains.base import Item
from xdomain.generation.base import Checkpoint, PromptRequest
from xdomain.models.prompting import encode, messages, opened_reasoning, plain_text, render


@dataclass(frozen=True)
class Prompts:
    """Prompts of one evaluation.

    Attributes:
        requests: Request of each item.
        hashes: Digest of each item's prompt as the model sees it, or of the messages that the server gets.
        opened: Reasoning tag that each item's prompt leaves open, "" for none.
        template: Description of the template, for the summary.
    """

    requests: list[PromptRequest]
    hashes: list[str]
    opened: list[str]
    template: str


def prepare(
    items: Sequence[Item], checkpoint: Checkpoint, *, chat: bool, domain: str, seed: int, samples: int
) -> Prompts:
    """Return the requests for `items`.

    A sample's seed does not depend on the checkpoint, so checkpoints are compared on common random numbers.
    """
    seeds = [tuple(derive_seed("sample", seed, domain, item.id, sample) for sample in range(samples)) for item in items]
    if checkpoint.endpoint:
        return _for_endpoint(items, seeds, checkpoint.endpoint["protocol"])
    texts = [render(item, checkpoint.tokenizer, chat) for item in items]
    requests = [
        PromptRequest(tuple(ids), own, text)
        for text, ids, own in zip(texts, encode(texts, checkpoint.tokenizer, chat), seeds, strict=True)
    ]
    template = f"sha256 {text_digest(checkpoint.tokenizer.get_chat_template())[:16]}" if chat else "none"
    return Prompts(
        requests, [text_digest(text) for text in texts], [opened_reasoning(text) for text in texts], template
    )


def _for_endpoint(items: Sequence[Item], seeds: Sequence[tuple[int, ...]], protocol: str) -> Prompts:
    if protocol == "completions":
        texts = [plain_text(item) for item in items]
        requests = [PromptRequest((), own, text) for text, own in zip(texts, seeds, strict=True)]
        opened = [opened_reasoning(text) for text in texts]
        return Prompts(requests, [text_digest(text) for text in texts], opened, "none")
    chats = [messages(item) for item in items]
    requests = [PromptRequest((), own, messages=tuple(chat)) for chat, own in zip(chats, seeds, strict=True)]
    hashes = [text_digest(json.dumps(chat)) for chat in chats]
    return Prompts(requests, hashes, [""] * len(chats), "applied by the server")
