"""A small client for OpenAI-compatible chat endpoints: deadlines, retries, and a key that is never shown."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import IO, Any, TypeVar

from xdomain.core.errors import DependencyMissing, XDomainError

LONGEST_REPLY = 4 << 20
"""Bytes."""

RETRIED = frozenset({408, 409, 425, 429})
"""Statuses below 500 that another attempt may cure; from 500 on every one may."""

SERVER_ERRORS = 500

ABOUT_ONE_REQUEST = frozenset({400, 413, 422})
"""Statuses that speak of one request (too long, unwanted content, an unknown setting), not of the endpoint."""

LONGEST_PAUSE_SECONDS = 30.0

LONGEST_EXPLANATION = 200
"""Characters of a server's own words that are shown."""


Read = TypeVar("Read")


class EndpointError(XDomainError):
    """The endpoint gave no usable reply in the attempts allowed."""

    exit_code = 1


class RequestRefused(EndpointError):
    """This one request is refused, however often it is sent; others may be answered."""


class Unavailable(Exception):
    """One attempt failed in a way that another may cure; `pause_seconds` is what the server asked for."""

    def __init__(self, reason: str, pause_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.pause_seconds = pause_seconds


@dataclass(frozen=True)
class ChatEndpoint:
    """Where and how to ask.

    Attributes:
        base_url: up to and with "/v1".
        model: name that the endpoint knows.
        api_key_variable: environment variable with the key; None sends none.
        timeout_seconds: for one attempt as a whole, however slowly the bytes come.
        attempts: at most so many.
    """

    base_url: str
    model: str
    api_key_variable: str | None = None
    timeout_seconds: float = 60.0
    attempts: int = 4

    def key(self) -> str | None:
        """The key from the environment.

        Raises:
            DependencyMissing: the variable is named but not set.
        """
        if self.api_key_variable is None:
            return None
        key = os.environ.get(self.api_key_variable)
        if not key:
            raise DependencyMissing(
                f"the environment variable {self.api_key_variable} is not set.",
                where=self.base_url,
                fix="Set it to the endpoint's key, or `api_key_variable: null` for an endpoint without one.",
            )
        return key


def chat(
    endpoint: ChatEndpoint,
    messages: Sequence[Mapping[str, str]],
    *,
    sleep: Callable[[float], None] = time.sleep,
    **settings: Any,
) -> str:
    """The text of the first choice.

    Args:
        endpoint: where to ask.
        messages: of the chat, roles and contents.
        sleep: waits between attempts.
        settings: further fields of the request (`temperature`, `max_tokens`, `seed`).

    Raises:
        EndpointError: no usable reply; the message holds statuses and reasons, never the key or the prompt.
        DependencyMissing: the key is not set.
    """
    body = {"model": endpoint.model, "messages": [dict(message) for message in messages], **settings}
    return post_json(endpoint, "/chat/completions", body, first_message, sleep=sleep)


def first_message(reply: Any) -> str:
    """The text of a chat reply's first choice.

    Raises:
        Unavailable: it has none.
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
    """POST `body` until `read` makes something of the reply.

    Args:
        read: takes the parsed reply; raises `Unavailable` where another attempt may bring a better one.

    Raises:
        EndpointError: see `chat`.
        DependencyMissing: the key is not set.
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
    """One request.

    Raises:
        Unavailable: it failed in a way that another attempt may cure.
        RequestRefused, EndpointError: it, or all of them, were refused.
    """
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    request = urllib.request.Request(  # noqa: S310 -- http and https alone, see `opener`
        endpoint.base_url.rstrip("/") + path, json.dumps(body).encode(), headers
    )
    deadline = time.monotonic() + endpoint.timeout_seconds
    try:
        with opener().open(request, timeout=endpoint.timeout_seconds) as response:
            data = read_until(response, deadline)
    except urllib.error.HTTPError as error:
        with error:
            said = explanation(error, deadline, key)
            if error.code in RETRIED or error.code >= SERVER_ERRORS:
                raise Unavailable(f"status {error.code}{said}", retry_after(error.headers)) from None
            if error.code in ABOUT_ONE_REQUEST:
                raise RequestRefused(
                    f"the endpoint refused a request with status {error.code}{said}.",
                    where=endpoint.base_url,
                    fix="Check the prompt's length and the settings that the endpoint knows.",
                ) from None
            raise EndpointError(
                f"the endpoint refused with status {error.code}{said}.",
                where=endpoint.base_url,
                fix="Check the model's name, the key and the address.",
            ) from None
    except (OSError, http.client.HTTPException) as error:  # URLError and TimeoutError are OSErrors
        raise Unavailable(f"{type(error).__name__}") from None
    try:
        reply = json.loads(data)
    except (ValueError, RecursionError):
        raise Unavailable("no JSON") from None
    if isinstance(reply, dict) and reply.get("error"):  # how some routers pass on the error of a server behind them
        raise Unavailable(f"an error in place of a reply{quoted(reply, key)}")
    return reply


def explanation(response: IO[bytes], deadline: float, key: str | None) -> str:
    """': "..."', the server's own words in the OpenAI error format, without the key; "" where there are none."""
    try:
        return quoted(json.loads(read_until(response, deadline)), key)
    except (Unavailable, OSError, http.client.HTTPException, ValueError, RecursionError):
        return ""


def quoted(reply: Any, key: str | None) -> str:
    """See `explanation`."""
    try:
        said = reply["error"]["message"]
    except (LookupError, TypeError):
        return ""
    words = str(said).replace(key, "[key]") if key else str(said)
    return f": {words[:LONGEST_EXPLANATION]!r}"


def read_until(response: IO[bytes], deadline: float) -> bytes:
    """The whole body, unless it is too long or comes too slowly.

    Raises:
        Unavailable: it is, or does.
    """
    data = bytearray()
    read = getattr(response, "read1", response.read)
    while chunk := read(1 << 16):
        data += chunk
        if len(data) > LONGEST_REPLY:
            raise Unavailable("reply too long")
        if time.monotonic() > deadline:
            raise Unavailable("timeout")
    return bytes(data)


def retry_after(headers: Message) -> float | None:
    """Seconds that the server asks to wait, if it says so in seconds."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none; the status becomes an error."""


def opener() -> urllib.request.OpenerDirector:
    """Opens http and https, through the environment's proxies, and nothing else (no files)."""
    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
        NoRedirect(),
    ):
        director.add_handler(handler)
    return director
