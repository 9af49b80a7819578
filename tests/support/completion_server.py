"""A real OpenAI-compatible server over real models: stock `model.generate`, one prompt at a time, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch

Reply = tuple[int, bytes, dict[str, str]]
Fault = Callable[[int, dict[str, Any]], Reply | None]
"""Given the number of the request (from 0) and its body: a reply in place of the model's, or None."""


def stock_completion(model: Any, tokenizer: Any, prompt: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the OpenAI protocol calls a completion, greedy or sampled from `seed`, stop strings cut off."""
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


class CompletionServer:
    """Requests seen, and the address."""

    def __init__(self, models: Mapping[str, tuple[Any, Any]], fault: Fault) -> None:
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.most_at_once = 0
        self._now = 0
        self._lock, self._model_lock = threading.Lock(), threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with owner._lock:
                    number = len(owner.requests)
                    owner.requests.append(body)
                    owner.paths.append(self.path)
                    owner._now += 1
                    owner.most_at_once = max(owner.most_at_once, owner._now)
                status, data, headers = fault(number, body) or owner.answer(models, self.path, body)
                with owner._lock:
                    owner._now -= 1
                if status == 0:  # hang up without a word
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def answer(self, models: Mapping[str, tuple[Any, Any]], path: str, body: dict[str, Any]) -> Reply:
        if body["model"] not in models:
            return 404, b'{"error": {"message": "no such model"}}', {}
        model, tokenizer = models[body["model"]]
        chat = path.endswith("/chat/completions")
        prompt = body["messages"][-1]["content"] if chat else body["prompt"]
        with self._model_lock:
            made = stock_completion(model, tokenizer, prompt, body)
        text = {"message": {"role": "assistant", "content": made["text"]}} if chat else {"text": made["text"]}
        choice = {"index": 0, "finish_reason": made["finish_reason"], **text}
        return 200, json.dumps({"choices": [choice], "usage": made["usage"]}).encode(), {}


def no_fault(number: int, body: dict[str, Any]) -> Reply | None:
    return None


@contextmanager
def completion_server(models: Mapping[str, tuple[Any, Any]], fault: Fault = no_fault) -> Iterator[CompletionServer]:
    """Run a server for the length of a block."""
    made = CompletionServer(models, fault)
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()
