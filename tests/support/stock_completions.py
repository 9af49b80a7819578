"""Completions of real models over the OpenAI protocol: stock `model.generate`, one prompt at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from tests.support.openai_server import OpenAIServer, Reply, Request, openai_server

Fault = Callable[[Request], Reply | None]
"""Takes a request and returns the reply to send instead of the model's, or None for the model's."""


def stock_completion(model: Any, tokenizer: Any, prompt: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the OpenAI protocol calls a completion, greedy or sampled from `seed`, stop strings cut off."""
    inputs = tokenizer([prompt], return_tensors="pt")
    sampled = body["temperature"] > 0
    settings = {"temperature": body["temperature"], "top_p": body["top_p"], "top_k": 0} if sampled else {}
    torch.manual_seed(body["seed"])
    output = model.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        max_new_tokens=body["max_tokens"],
        do_sample=sampled,
        **settings,
    )
    tokens = output[0, inputs["input_ids"].shape[1] :].tolist()
    text = tokenizer.decode(tokens, skip_special_tokens=True)
    places = [place for place in (text.find(stop) for stop in body.get("stop", [])) if place >= 0]
    ended = bool(places) or tokenizer.eos_token_id in tokens
    return {
        "text": text[: min(places)] if places else text,
        "finish_reason": "stop" if ended else "length",
        "usage": {"prompt_tokens": inputs["input_ids"].shape[1], "completion_tokens": len(tokens)},
    }


def no_fault(request: Request) -> None:
    return None


@contextmanager
def completion_server(models: Mapping[str, tuple[Any, Any]], fault: Fault = no_fault) -> Iterator[OpenAIServer]:
    """Run a server of `models` for the length of a block.

    Args:
        models: A model and its tokenizer under each name that requests may ask for.
        fault: Replies to send instead of the model's.
    """
    lock = threading.Lock()

    def answer(request: Request) -> Reply:
        if request.body["model"] not in models:
            return Reply(404, b'{"error": {"message": "no such model"}}')
        model, tokenizer = models[request.body["model"]]
        with lock:
            made = stock_completion(model, tokenizer, request.prompt, request.body)
        said = made["text"]
        text = {"message": {"role": "assistant", "content": said}} if request.is_chat else {"text": said}
        choice = {"index": 0, "finish_reason": made["finish_reason"], **text}
        return Reply(200, json.dumps({"choices": [choice], "usage": made["usage"]}).encode())

    with openai_server(lambda request: fault(request) or answer(request)) as server:
        yield server
