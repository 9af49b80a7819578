"""Addresses of Ray clusters that are refused before Ray tries them, and this process's signal handler."""

from __future__ import annotations

import signal
import socket
import sys

import pytest

from xdomain.core.errors import ConfigError, DependencyMissing
from xdomain.schedule.ray_connection import check_listening, first_line, handler_kept, load_ray


def test_without_the_package_the_pip_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyMissing, match=r'pip install .*\[ray\]"'):
        load_ray()


def test_an_address_where_nothing_listens_is_refused_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        check_listening(address)
    with pytest.raises(ConfigError, match="no server answers") as refused:
        check_listening(address)
    assert refused.value.where == "execution.ray.address"


def test_rays_client_is_refused_and_names_are_left_to_ray() -> None:
    with pytest.raises(ConfigError, match="Ray's client"):
        check_listening("ray://head:10001")
    for address in ("auto", "local"):
        check_listening(address)


def test_a_handler_for_sigterm_survives() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with handler_kept():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("error", "words"),
    [(ValueError("\n  No node.\nSee page 2.\n"), "No node"), (RuntimeError(), "RuntimeError")],
)
def test_the_first_line_of_an_error(error: Exception, words: str) -> None:
    assert first_line(error) == words
