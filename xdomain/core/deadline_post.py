"""Send an HTTP POST with a single deadline for the whole exchange, through httpx."""

from __future__ import annotations

import asyncio
import functools
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

LONGEST_REPLY = 4 << 20
"""Bytes."""


class TransportFailed(Exception):
    """No complete reply arrived. The text is a short reason without address, headers or content."""


@dataclass(frozen=True)
class Reply:
    """A status with its headers and its whole body. The body of an error is empty if it did not arrive."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def post(url: str, content: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Reply:
    """POST `content` and return the reply. Call it from a thread that runs no event loop.

    Redirects are not followed, because they would send the headers elsewhere. The proxy is the one in the environment
    for the address's scheme, unless `no_proxy` names the host.

    Args:
        url: Address of the request.
        content: Body of the request.
        headers: Headers of the request.
        timeout_seconds: Time limit for connecting, sending, headers and body together, even if bytes keep arriving.

    Raises:
        TransportFailed: The connection failed, the deadline passed, or the reply is too long.
        ImportError: The environment names a SOCKS proxy, for which httpx lacks a package.
    """
    try:
        return asyncio.run(_exchange(url, content, headers, timeout_seconds))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:  # TimeoutError is an OSError
        raise TransportFailed(type(error).__name__) from None


async def _exchange(url: str, content: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Reply:
    # The deadline is asyncio's, because httpx limits only single operations, and a slow server would pass each limit.
    deadline = asyncio.get_running_loop().time() + timeout_seconds
    async with httpx.AsyncClient(
        timeout=None,  # noqa: S113 -- see above
        verify=_system_certificates(),
        proxy=_proxy(url),
        trust_env=False,
        follow_redirects=False,
    ) as client:
        async with asyncio.timeout_at(deadline):
            sent = {"Accept-Encoding": "identity", **headers}
            response = await client.send(client.build_request("POST", url, content=content, headers=sent), stream=True)
        try:
            async with asyncio.timeout_at(deadline):
                data = await _body(response)
        except (httpx.HTTPError, OSError, TransportFailed):
            if response.is_success:
                raise
            data = b""  # the status of an error suffices
        return Reply(response.status_code, response.headers, data)


async def _body(response: httpx.Response) -> bytes:
    data = bytearray()
    # Raw, because httpx would unpack a chunk completely, however large, before its size can be checked.
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > LONGEST_REPLY:
            raise TransportFailed("reply too long")
    return _unpacked(bytes(data), response.headers.get("Content-Encoding", "identity").strip().lower())


def _unpacked(data: bytes, encoding: str) -> bytes:
    """Return the uncompressed content of a body. A server may compress although it was asked not to."""
    if encoding in ("", "identity"):
        return data
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise TransportFailed("reply compressed in a way that was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, detected from the data
    try:
        content = unpacker.decompress(data, LONGEST_REPLY)
    except zlib.error:
        raise TransportFailed("reply badly compressed") from None
    if unpacker.unconsumed_tail:
        raise TransportFailed("reply too long")
    return content


def _proxy(url: str) -> str | None:
    # httpx would open the SOCKS proxy of ALL_PROXY even if it is not used, and that needs another package.
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


@functools.cache
def _system_certificates() -> ssl.SSLContext:
    """Return the certificates that the system trusts. They may include a company's, which httpx's default lacks."""
    return ssl.create_default_context()
