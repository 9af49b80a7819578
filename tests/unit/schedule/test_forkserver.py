"""The server that workers are forked from: what it is told, and that nothing of it stays in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from xdomain.domains.server_domains import ENTRIES, VARIABLE
from xdomain.schedule.forkserver import ForkServer

NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", VARIABLE)


@pytest.fixture
def servers() -> Iterator[list[ForkServer]]:
    made = [ForkServer(threads, preload=()) for threads in (3, 1)]
    yield made
    for each in made:
        each.close()


def tell(answer: Connection) -> None:
    """Send the environment of a worker, the server's process number, and the domains that the server was told."""
    path = os.environ.get(VARIABLE)
    answer.send(({name: os.environ.get(name) for name in NAMES}, os.getppid(), path and Path(path).read_text()))


def wait_for_word(orders: Connection) -> None:
    """Work until somebody says otherwise."""
    orders.send("working")
    orders.recv()


def ask(server: ForkServer) -> tuple[dict[str, str | None], int, str | None]:
    ours, theirs = server.pipe()
    process = server.start(tell, theirs)
    theirs.close()
    answer: tuple[dict[str, str | None], int, str | None] = ours.recv()
    process.join()
    assert process.exitcode == 0
    return answer


def test_workers_inherit_threads_and_domains_and_this_process_keeps_its_environment(
    servers: list[ForkServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    servers[0].read_domains(("logic", "puzzle"))
    environment, _, domains = ask(servers[0])
    assert (environment["OMP_NUM_THREADS"], environment["MKL_NUM_THREADS"]) == ("3", "3")
    assert domains is not None
    assert ENTRIES.validate_json(domains) == ("logic", "puzzle")
    assert {name: os.environ.get(name) for name in NAMES} == {
        "OMP_NUM_THREADS": "7",
        "MKL_NUM_THREADS": None,
        VARIABLE: None,
    }


def test_a_later_session_gets_a_server_of_its_own(servers: list[ForkServer]) -> None:
    """Files may have changed since the earlier server read them."""
    servers[0].read_domains(("logic",))
    first, again = ask(servers[0]), ask(servers[0])
    servers[0].read_domains(("puzzle",))
    assert first[1:] == again[1:] == ask(servers[0])[1:], "one session keeps its server"
    servers[0].close()
    servers[1].read_domains(("puzzle",))
    environment, server, domains = ask(servers[1])
    assert server != first[1]
    assert environment["OMP_NUM_THREADS"] == "1"
    assert domains == '["puzzle"]'


def test_a_session_beside_another_leaves_the_server_of_its_running_workers(servers: list[ForkServer]) -> None:
    """Two threads may each run a grid. Python's only server would not end before its children."""
    servers[0].read_domains(("logic",))
    ours, theirs = servers[0].pipe()
    working = servers[0].start(wait_for_word, theirs)
    theirs.close()
    assert ours.recv() == "working"
    servers[1].read_domains(("puzzle",))
    assert ask(servers[1])[1:] == ask(servers[0])[1:]
    assert working.is_alive()
    ours.send("end")
    working.join()
    assert working.exitcode == 0


def test_a_killed_server_is_started_again(servers: list[ForkServer]) -> None:
    servers[0].read_domains(("logic",))
    _, server, domains = ask(servers[0])
    os.kill(server, 9)
    _, other, again = ask(servers[0])
    assert other != server
    assert again == domains == '["logic"]'
