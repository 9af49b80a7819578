"""An evaluation whose model and judge are reached over a faulty network: its records are those of a calm one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fault_injection import assert_whole, here
from tests.support.faulty_network import FAULTS, FaultyNetwork, faulty_network
from tests.support.openai_server import judge_server, ticket_in
from tests.support.small_grid import all_records
from tests.support.stock_completions import completion_server
from xdomain.models.tiny import tiny_qwen3

pytestmark = [pytest.mark.slow, pytest.mark.faults("network")]

TIMEOUT_SECONDS = 8
"""Long enough for an honest reply on a busy machine; a fault that only time ends takes as long."""
ATTEMPTS = 8
ITEMS = 6
BURST = 2
"""Spoiled replies to each request, for faults that take no time."""
SLOW = ("slow headers", "slow body", "length above the body's")
LIMITS = f"timeout_seconds: {TIMEOUT_SECONDS}, attempts: {ATTEMPTS}"
DOMAIN = """
name: rain
source: {{kind: jsonl, path: rows.jsonl}}
fields: {{question: question, gold: answer}}
template: "{{{{ question }}}}"
stop: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
verifier: {{kind: pairwise_judge, judge: {{base_url: "{url}", model: m, api_key_variable: null, {limits}}}}}
"""


def prefers_longer(question: str) -> str:
    first, second = (
        question.split(f"{which} answer>>>")[1].split("<<<", maxsplit=1)[0] for which in ("first", "second")
    )
    better = "first" if len(first) > len(second) else "second"
    return json.dumps({"ticket": ticket_in(question), "better": better})


@pytest.fixture(scope="module")
def networks() -> Iterator[tuple[FaultyNetwork, FaultyNetwork]]:
    """Proxies in front of a server of a real model and of a judge."""
    model, tokenizer = tiny_qwen3(seed=3)
    with (
        completion_server({"tiny": (model.eval(), tokenizer)}) as models,
        judge_server(prefers_longer) as judges,
        faulty_network(models.url) as endpoint,
        faulty_network(judges.url) as judge,
    ):
        yield endpoint, judge


@pytest.fixture(scope="module")
def evaluate(
    networks: tuple[FaultyNetwork, FaultyNetwork], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], None]:
    """Runs the same evaluation in a new store."""
    endpoint, judge = networks
    folder = tmp_path_factory.mktemp("domain")
    rows = [{"question": f"Line {n} on rain?", "answer": "." + " Rain falls." * (n % 3)} for n in range(60)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    domain = folder / "rain.yaml"
    domain.write_text(DOMAIN.format(url=judge.url, limits=LIMITS))

    def run(store: Path) -> None:
        words = ["eval", f"{endpoint.url}#tiny", "--domains", domain, "--items", str(ITEMS), "--max-tokens", "48"]
        words += ["--temperature", "1", "--set", "execution.executor=inline"]
        for setting in (f"timeout_seconds={TIMEOUT_SECONDS}", f"attempts={ATTEMPTS}", "concurrency=2"):
            words += ["--set", f"evaluation.endpoint.{setting}"]
        here(*words, "--store", store)

    return run


@pytest.fixture(scope="module")
def calm(evaluate: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("calm") / "store"
    evaluate(store)
    assert all_records(store)["reason"].nunique() > 1, "the judge always said the same"
    return store


@pytest.mark.parametrize("fault", FAULTS)
def test_records_are_those_of_a_calm_network(
    fault: str,
    networks: tuple[FaultyNetwork, FaultyNetwork],
    evaluate: Callable[[Path], None],
    calm: Path,
    tmp_path: Path,
    tally: Any,
) -> None:
    for network in networks:
        network.spoil(FAULTS[fault], 1 if fault in SLOW else BURST)
    evaluate(tmp_path / "store")
    for who, network in zip(("endpoint", "judge"), networks, strict=True):
        assert network.spoiled >= ITEMS, f"{who} was not disturbed"
        tally.fault(f"{who}: {fault}", network.spoiled)
    tally.store(tmp_path / "store", calm)
    assert_whole(tmp_path / "store", calm)
