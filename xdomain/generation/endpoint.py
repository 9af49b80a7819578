"""Generate with an OpenAI-compatible server: bounded concurrency, retries with growing pauses, a limit on the rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from operator import itemgetter
from typing import Any

from xdomain.config.backend import EndpointModel
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.chat_endpoint import ChatEndpoint, EndpointError, RequestRefused, Unavailable, post_json
from xdomain.generation.base import Answered, Checkpoint, Completion, FinishReason, PromptRequest, Sampling

FILTERED = "content_filter"
"""Finish reason of an answer that the server withheld."""
FAILED = "error"
"""Finish reason of an answer that the server broke off, as routers give it."""
TRUNCATED = frozenset({"length", "max_tokens"})
LONGEST_NAME = 100
"""Largest number of characters that are kept of a server's own name for its model."""


class EndpointBackend:
    """A backend that draws completions from a server, with one request per sample.

    Args:
        evaluation: Evaluation settings, whose `endpoint` limits the requests.
        device: Unused.
    """

    name = "endpoint"
    reproducibility = "the seed was sent; whether the same completion comes again is up to the server"

    def __init__(self, evaluation: EvaluationConfig, device: str) -> None:
        self._limits = evaluation.endpoint
        self._pacer = Pacer(self._limits.requests_per_minute)
        self._repeated = 0
        self._answered_by: set[str] = set()
        self._lock = threading.Lock()

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend.load`.

        Raises:
            DependencyMissing: The API key is not set.
        """
        self._model = EndpointModel.model_validate(dict(checkpoint.endpoint))
        self._endpoint = ChatEndpoint(
            base_url=self._model.base_url,
            model=self._model.model,
            api_key_variable=self._model.api_key_variable,
            timeout_seconds=self._limits.timeout_seconds,
            attempts=self._limits.attempts,
        )
        self._endpoint.key()

    def close(self) -> None:
        """Do nothing, since no resource is held."""

    def events(self) -> list[str]:
        with self._lock:
            repeated, self._repeated = self._repeated, 0
            names, self._answered_by = sorted(self._answered_by), set()
        return [f"answered by {name}" for name in names] + ([f"{repeated} requests were repeated"] if repeated else [])

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[Answered]:
        """See `Backend.generate`.

        Raises:
            EndpointError: A request failed in all attempts, or no prompt was answered at all. Earlier answers are kept,
                and the same command continues from there.
        """
        found: dict[int, dict[int, Completion]] = {place: {} for place in range(len(requests)) if place not in done}
        refused: list[Answered] = []
        answered, failure = bool(done), None
        for place, sample, outcome in self._outcomes(requests, sorted(found), sampling):
            if isinstance(outcome, EndpointError):
                failure = failure or outcome
                continue
            found[place][sample] = outcome
            if len(found[place]) < len(requests[place].seeds):
                continue
            completions = [completion for _, completion in sorted(found.pop(place).items(), key=itemgetter(0))]
            if all(completion.finish_reason == FinishReason.REFUSED for completion in completions):
                # A refusal counts only after the server has answered another prompt.
                refused.append((place, completions))
            else:
                answered = True
                yield place, completions
        if failure is not None:
            raise failure
        if refused and not answered:
            raise EndpointError(
                f"not one of {len(refused)} prompts was answered: {refused[0][1][0].problem}",
                where=self._model.base_url,
                fix="Check the model's name and the settings; `protocol: completions` is for servers without chat.",
            )
        yield from refused

    def _outcomes(
        self, requests: Sequence[PromptRequest], places: Sequence[int], sampling: Sampling
    ) -> Iterator[tuple[int, int, Completion | EndpointError]]:
        """Yield request index, sample index and completion in the order of arrival.

        After the first failure no new request begins. Running requests are awaited, since they have to be paid for.
        """
        stop = threading.Event()

        def ask(place: int, seed: int) -> Completion | EndpointError | None:
            if stop.is_set():
                return None
            try:
                return self._complete(requests[place], seed, sampling)
            except EndpointError as error:
                stop.set()
                return error

        with ThreadPoolExecutor(max_workers=self._limits.concurrency) as executor:
            futures: dict[Future[Completion | EndpointError | None], tuple[int, int]] = {
                executor.submit(ask, place, seed): (place, sample)
                for place in places
                for sample, seed in enumerate(requests[place].seeds)
            }
            try:
                for future in as_completed(futures):
                    outcome = future.result()
                    if outcome is not None:
                        yield *futures[future], outcome
            finally:
                stop.set()

    def _complete(self, request: PromptRequest, seed: int, sampling: Sampling) -> Completion:
        """Return one sample.

        Raises:
            EndpointError: There was no usable reply.
        """
        chat = self._model.protocol == "chat"
        body: dict[str, Any] = {
            "model": self._model.model,
            self._model.max_tokens_field: sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": seed,
        }
        body |= {"messages": [dict(message) for message in request.messages]} if chat else {"prompt": request.text}
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        path = "/chat/completions" if chat else "/completions"

        def read(reply: Any) -> Completion:
            completion = read_completion(reply, chat=chat)
            with self._lock:
                self._answered_by |= answered_by(reply)
            return completion

        self._pacer.wait()
        try:
            return post_json(self._endpoint, path, body, read, sleep=self._pause)
        except RequestRefused as error:
            return Completion("", None, FinishReason.REFUSED, None, None, error.what)

    def _pause(self, seconds: float) -> None:
        with self._lock:
            self._repeated += 1
        time.sleep(seconds)
        self._pacer.wait()


class Pacer:
    """A limit on the requests that begin per minute, evenly spread. Safe to use from several threads."""

    def __init__(
        self,
        per_minute: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap_seconds = 60 / per_minute if per_minute else 0.0
        self._clock, self._sleep = clock, sleep
        self._next = clock()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Block until the next request may begin."""
        if not self._gap_seconds:
            return
        with self._lock:
            now = self._clock()
            begin = max(now, self._next)
            self._next = begin + self._gap_seconds
        if begin > now:
            self._sleep(begin - now)


def read_completion(reply: Any, *, chat: bool) -> Completion:
    """Return the first choice of a reply with its token counts.

    Raises:
        Unavailable: The reply has no choice, or one that the server broke off.
    """
    try:
        choice = reply["choices"][0]
        text = choice["message"]["content"] if chat else choice["text"]
        reason = choice.get("finish_reason")
        usage = reply.get("usage") or {}
        prompt_tokens, tokens = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
        if text is not None and not isinstance(text, str):
            raise TypeError("no text")
        if reason is not None and not isinstance(reason, str):
            raise TypeError("no finish reason")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Unavailable(f"no completion in the OpenAI format ({type(error).__name__})") from None
    if reason == FAILED:
        raise Unavailable(f'finish reason "{FAILED}"')
    if reason == FILTERED:
        return Completion("", tokens, FinishReason.REFUSED, None, prompt_tokens, "withheld by the content filter")
    ended = FinishReason.LENGTH if reason in TRUNCATED else FinishReason.STOP
    return Completion(text or "", tokens, ended, None, prompt_tokens)


def answered_by(reply: Mapping[str, Any]) -> set[str]:
    """Return the names that the server gives its model. Requested names are aliases for models that change."""
    told = [reply.get("model"), reply.get("system_fingerprint")]
    words = ", ".join(word[:LONGEST_NAME] for word in told if isinstance(word, str) and word)
    return {words} if words else set()


def count(usage: Mapping[str, Any], name: str) -> int | None:
    """Return a token count, or None if the server gives none."""
    value = usage.get(name)
    return value if type(value) is int and value >= 0 else None
