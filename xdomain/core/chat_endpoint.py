"""A client for OpenAI-compatible endpoints: one deadline per attempt, retries, and a key that is never shown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from xdomain.core.deadline_post import Reply, TransportFailed, post
from xdomain.core.errors import DependencyMissing, XDomainError
from xdomain.core.secrets import masked, read_key

RETRIED = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which another attempt may succeed. From 500 on, it may after every status."""

SERVER_ERRORS = 500

ABOUT_ONE_REQUEST = frozenset({400, 413, 422})
"""Statuses about one request (too long, unwanted content, an unknown setting), not about the endpoint."""

LONGEST_PAUSE_SECONDS = 30.0

LONGEST_EXPLANATION = 200
"""Largest number of characters of a server's message that are shown."""

Read = TypeVar("Read")


class EndpointError(XDomainError):
    """The endpoint gave no usable reply in the allowed number of attempts."""

    exit_code = 1


class RequestRefused(EndpointError):
    """The endpoint refuses this request, and would refuse it again. It may answer other requests."""


class Unavailable(Exception):
    """One attempt failed, but another attempt may succeed.

    Args:
        reason: Text for the final error.
        pause_seconds: Pause that the server asked for; None if it asked for none.
    """

    def __init__(self, reason: str, pause_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.pause_seconds = pause_seconds


@dataclass(frozen=True)
class ChatEndpoint:
    """Address, model and limits of a client.

    Attributes:
        base_url: Address up to and including "/v1".
        model: Name that the endpoint knows the model by.
        api_key_variable: Environment variable that holds the key; None sends no key.
        timeout_seconds: Time limit of one whole attempt, even if bytes keep arriving.
        attempts: Largest number of attempts per request.
    """

    base_url: str
    model: str
    api_key_variable: str | None = None
    timeout_seconds: float = 60.0
    attempts: int = 4

    def key(self) -> str | None:
        """Return the key from the environment; None if no variable is named.

        Raises:
            DependencyMissing: See `read_key`.
        """
        return None if self.api_key_variable is None else read_key(self.api_key_variable, self.base_url)


def chat(
    endpoint: ChatEndpoint,
    messages: Sequence[Mapping[str, str]],
    *,
    sleep: Callable[[float], None] = time.sleep,
    **settings: Any,
) -> str:
    """Return the text of the first choice.

    Args:
        endpoint: Endpoint to ask.
        messages: Roles and contents of the chat.
        sleep: Function that waits between attempts.
        settings: Further fields of the request (`temperature`, `max_tokens`, `seed`).

    Raises:
        EndpointError: No usable reply arrived. The message contains statuses and reasons, never the key or the prompt.
        DependencyMissing: The key is not set.
    """
    body = {"model": endpoint.model, "messages": [dict(message) for message in messages], **settings}
    return post_json(endpoint, "/chat/completions", body, first_message, sleep=sleep)


def first_message(reply: Any) -> str:
    """Return the text of a chat reply's first choice.

    Raises:
        Unavailable: The reply has no such text.
    """
    try:
        return str(reply["choices"][0]["message"]["content"] or "")
    except (KeyError, IndexError, TypeError):
        raise Unavailable("no choices[0].message.content in the reply") from None


def post_json(
    endpoint: ChatEndpoint,
    path: str,
    body: Mapping[str, Any],
    read: Callable[[Any], Read],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Read:
    """POST `body` until `read` accepts the reply, and return the result of `read`.

    Args:
        endpoint: Endpoint to ask.
        path: Path of the request, which is appended to the endpoint's address.
        body: JSON body of the request.
        read: Function of the parsed reply. It raises `Unavailable` if another attempt may give a better reply.
        sleep: Function that waits between attempts.

    Raises:
        EndpointError: See `chat`.
        DependencyMissing: The key is not set.
    """
    key, reasons = endpoint.key(), []
    for attempt in range(endpoint.attempts):
        try:
            return read(attempt_once(endpoint, path, body, key))
        except Unavailable as failure:
            reasons.append(str(failure))
            pause = failure.pause_seconds if failure.pause_seconds is not None else 0.5 * 2**attempt
        if attempt + 1 < endpoint.attempts:
            sleep(min(pause, LONGEST_PAUSE_SECONDS))
    raise EndpointError(
        f"no usable reply in {endpoint.attempts} attempts ({'; '.join(dict.fromkeys(reasons))}).",
        where=endpoint.base_url,
        fix='Check that the endpoint is up, that base_url ends with "/v1" and that it speaks this protocol (chat or '
        "completions), or raise timeout_seconds and attempts.",
    )


def attempt_once(endpoint: ChatEndpoint, path: str, body: Mapping[str, Any], key: str | None) -> Any:
    """Return the parsed reply to one request.

    Raises:
        Unavailable: The request failed, but another attempt may succeed.
        RequestRefused, EndpointError: This request, or every request, is refused.
        DependencyMissing: The environment names a SOCKS proxy, for which httpx lacks a package.
    """
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    content = json.dumps(body).encode()  # escapes lone surrogates, which UTF-8 cannot hold
    try:
        reply = post(endpoint.base_url.rstrip("/") + path, content, headers, endpoint.timeout_seconds)
    except TransportFailed as failure:
        raise Unavailable(str(failure)) from None
    except ImportError as error:
        raise DependencyMissing(str(error), where=endpoint.base_url, fix="Or name the host in no_proxy.") from None
    answer = parsed(reply.data)
    if not reply.is_success:
        raise refusal(endpoint, reply, quoted(answer))
    if answer is None:
        raise Unavailable("no JSON")
    if isinstance(answer, dict) and answer.get("error"):  # the way in which some routers pass on a server's error
        raise Unavailable(f"an error instead of a reply{quoted(answer)}")
    return answer


def refusal(endpoint: ChatEndpoint, reply: Reply, said: str) -> Unavailable | EndpointError:
    """Return the error for a status other than success."""
    if reply.status in RETRIED or reply.status >= SERVER_ERRORS:
        return Unavailable(f"status {reply.status}{said}", retry_after(reply.headers))
    if reply.status in ABOUT_ONE_REQUEST:
        return RequestRefused(
            f"the endpoint refused a request with status {reply.status}{said}.",
            where=endpoint.base_url,
            fix="Check the prompt's length and the settings that the endpoint supports.",
        )
    return EndpointError(
        f"the endpoint refused with status {reply.status}{said}.",
        where=endpoint.base_url,
        fix="Check the model's name, the key and the address.",
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause in seconds that the server asks for; None if it does not state seconds."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None


def parsed(data: bytes) -> Any:
    """Return the JSON value in `data`; None if it is not JSON.

    Known secrets are masked first, because a server may repeat the key that it was sent.
    """
    try:
        return masked(json.loads(data))
    except (ValueError, RecursionError):
        return None


def quoted(reply: Any) -> str:
    """Return ': "..."' with the message of an OpenAI error; "" if the reply has none."""
    try:
        said = reply["error"]["message"]
    except (LookupError, TypeError):
        return ""
    return f": {str(said)[:LONGEST_EXPLANATION]!r}"
