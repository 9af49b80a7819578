"""A judge, which asks an endpoint for a JSON object of a given shape and keeps its answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from xdomain.config.domain_verifier import JudgeEndpoint
from xdomain.core.chat_endpoint import ChatEndpoint, EndpointError, chat
from xdomain.core.errors import StoreError
from xdomain.core.files import read_json, write_json
from xdomain.core.fingerprint import fingerprint
from xdomain.domains.judges.reply import stated_object

Answer = TypeVar("Answer")
Task = TypeVar("Task")

ASKED = 3
"""Number of times that a judge is asked the same question before its replies count as unusable."""

LONGEST_JUDGED = 40_000
"""Number of characters of a completion that a judge sees."""

first_object = stated_object
"""The name under which scripts outside this project import it."""


class Judge:
    """One endpoint with a cache of its answers. Safe to use from several threads.

    Args:
        config: Endpoint, limits and cache folder.
    """

    def __init__(self, config: JudgeEndpoint) -> None:
        self.config = config
        self.endpoint = ChatEndpoint(
            base_url=config.base_url,
            model=config.model,
            api_key_variable=config.api_key_variable,
            timeout_seconds=config.timeout_seconds,
            attempts=config.attempts,
        )
        self.folder = None if config.cache is None else Path(config.cache)
        self._memory: dict[str, Any] = {}
        self._lock = threading.Lock()

    def identity(self) -> dict[str, str]:
        """Return the settings of the endpoint that a judgement depends on."""
        return {"base_url": self.config.base_url, "model": self.config.model}

    def preflight(self) -> None:
        """See `Domain.preflight`. Check that the API key is set."""
        self.endpoint.key()

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        read: Callable[[dict[str, Any]], Answer | None],
        in_words: Callable[[str], dict[str, Any] | None] | None = None,
    ) -> Answer | None:
        """Return the judge's answer, or None if it never gave a usable one.

        Args:
            messages: Chat that the judge gets.
            read: Function that makes an answer of an object in the reply, or returns None for another shape.
            in_words: Function that makes such an object of a reply without one; None accepts only objects.
        """
        key = fingerprint({"judge": self.identity(), "messages": [dict(message) for message in messages]})
        known = self.recall(key)
        if known is not None:
            return read(known)
        for attempt in range(ASKED):
            try:
                # Each attempt has its own seed, since the same request at temperature 0 would repeat a bad reply.
                text = chat(self.endpoint, messages, temperature=0.0, seed=attempt)
            except EndpointError:
                return None
            reply = stated_object(text, read)
            if reply is None and in_words is not None and stated_object(text) is None:
                reply = in_words(text)
            answer = None if reply is None else read(reply)
            if answer is not None:
                self.remember(key, reply)
                return answer
        return None

    def map(self, work: Callable[[Task], Answer], tasks: Sequence[Task]) -> list[Answer]:
        """Call `work` on every task, with as many tasks at once as the endpoint allows."""
        with ThreadPoolExecutor(max_workers=self.config.concurrency) as executor:
            return list(executor.map(work, tasks))

    def recall(self, key: str) -> Any:
        """Return an earlier usable reply, or None."""
        with self._lock:
            if key in self._memory:
                return self._memory[key]
        if self.folder is None or not (path := self.folder / f"{key}.json").is_file():
            return None
        try:
            return read_json(path)
        except ValueError as error:
            raise StoreError(
                "a kept judgement is not JSON.", where=str(path), fix="Delete the file; the judge is asked again."
            ) from error

    def remember(self, key: str, reply: Any) -> None:
        with self._lock:
            self._memory[key] = reply
        if self.folder is not None:
            write_json(self.folder / f"{key}.json", reply)
