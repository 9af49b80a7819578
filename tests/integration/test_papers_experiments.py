"""The papers' experiments on stand-ins of their data: right answers are asked for, judged and paid; training runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.stand_ins import write_stand_ins
from tests.support.openai_server import judge_server, ticket_in
from tests.support.small_grid import xdomain
from xdomain.config.experiment import Experiment
from xdomain.config.load import load_experiment
from xdomain.domains.base import Domain, Split
from xdomain.domains.build import build_domains
from xdomain.domains.check import check_domain

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
NAMES = ("when-domains-interact", "cgpo", "care-rl")
ENDPOINT = "http://localhost:8000/v1"

SIZES = (
    "execution={device: cpu, executor: inline}",
    "training.rollout=transformers",
    "training.grpo={}",
    "training.vllm={}",
    "training.bf16=false",
    "training.prompts_per_step=8",
    "training.updates_per_rollout=1",
    "training.generations=2",
    "training.micro_batch=8",
    "training.max_prompt_tokens=null",
    "training.max_completion_tokens=16",
    "evaluation={items: 2, samples: 1, temperature: 1.0}",
    "checkpoints={}",
    "seeds=[0]",
    "grid={}",
)
"""Device, rollout and sizes; with the model, all that is not the file's."""

CHAT_TEMPLATE = (
    "{% for message in messages %}[{{ message.role }}]\n{{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]\n{% endif %}"
)
CONTEXT = 4096
"""Characters; the preset's 256 hold none of these prompts."""

TWO_STEPS = {
    "when-domains-interact": ("training.steps=2", "curricula=[math + science + logic + puzzle]", "analysis={}"),
    "cgpo": ("training.steps=2", "curricula=[math + code + science + writing]", "strategies=[cgpo]"),
    "care-rl": ("training.steps=1", "curricula=[math -> chat + instructions]", "strategies=[dacsp]"),
}


def count_lines(question: str) -> str:
    """A judge that really looks: an answer is good if it is verse of as many lines as the request asks for."""
    mark = ticket_in(question)

    def fits(name: str) -> bool:
        text = question.partition(f"<<<{mark} {name}>>>\n")[2].partition(f"\n<<<end {mark}>>>")[0]
        wanted = re.search(r"poem of (\d+) lines", question)
        lines = [line for line in text.splitlines() if "poem" in line and "poem of" not in line]
        return len(lines) == int(wanted[1]) if wanted else len(lines) > 3

    if "<<<" + mark + " first answer>>>" in question:
        votes = {(True, False): "first", (False, True): "second"}
        return json.dumps({"ticket": mark, "better": votes.get((fits("first answer"), fits("second answer")), "tie")})
    if '"criteria"' in question:
        criteria = [{"text": "has the demanded number of lines", "points": 6}, {"text": "is verse", "points": 4}]
        return json.dumps({"ticket": mark, "criteria": criteria})
    if '"points"' in question:
        return json.dumps({"ticket": mark, "points": [6, 4] if fits("answer") else [0, 0]})
    return json.dumps({"ticket": mark, "score": 9 if fits("response") else 2, "reason": "counted"})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The three files with the judge's address put in, beside stand-ins of their data."""
    folder = tmp_path_factory.mktemp("papers")
    write_stand_ins(folder)
    with pytest.MonkeyPatch.context() as patch, judge_server(count_lines) as server:
        patch.setenv("XDOMAIN_DATA", str(folder))
        patch.setenv("no_proxy", "127.0.0.1")
        paths = {}
        for name in NAMES:
            paths[name] = folder / f"{name}.yaml"
            text = (EXPERIMENTS / f"{name}.yaml").read_text(encoding="utf-8")
            paths[name].write_text(text.replace(ENDPOINT, server.url), encoding="utf-8")
        yield paths


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny preset with a chat template and room for the papers' prompts."""
    from xdomain.models.tiny import tiny_qwen3

    folder = tmp_path_factory.mktemp("model")
    tiny, tokenizer = tiny_qwen3()
    tiny.config.max_position_embeddings = tokenizer.model_max_length = CONTEXT
    tokenizer.chat_template = CHAT_TEMPLATE
    tiny.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def domains_of(path: Path) -> tuple[Experiment, dict[str, Domain]]:
    experiment = load_experiment(path)
    return experiment, build_domains(experiment.domains, experiment.domain_names)


@pytest.mark.parametrize("name", NAMES)
def test_every_domain_checks_out_and_pays_a_right_answer_best(name: str, files: dict[str, Path]) -> None:
    experiment, domains = domains_of(files[name])
    trained = {domain for curriculum in experiment.curricula for domain in curriculum.domains}
    for domain in domains.values():
        checked = check_domain(domain, most=3)
        domain.close()
        assert checked.problems == (), domain.name
        for part in checked.splits:
            assert part.gold_unscored == 0, domain.name
            paid = part.rewards
            assert paid.unasked == (), f"{domain.name}: the prompt does not ask for {paid.unasked}"
            if part.judged > 1:
                assert paid.gold.lowest > paid.garbage.mean
            if part.judged > 1 and paid.wrong is not None:
                assert paid.gold.lowest > paid.wrong.highest
        assert domain.name not in trained or any(part.judged > 1 for part in checked.splits)


@pytest.mark.parametrize("name", ["cgpo"])
def test_prompts_ask_for_the_tags_that_the_reward_demands(name: str, files: dict[str, Path]) -> None:
    _, domains = domains_of(files[name])
    for domain in domains.values():
        for split in Split:
            for item in domain.items(split):
                assert all(f"<{tag}>" in f"{item.system}{item.prompt}" for tag in ("think", "answer")), domain.name
        domain.close()


def test_answer_places_are_asked_for_where_no_gate_demands_them(files: dict[str, Path]) -> None:
    _, domains = domains_of(files["when-domains-interact"])
    for name, place in {"math": "\\boxed", "science": "\\boxed", "logic": "<answer>", "puzzle": "<answer>"}.items():
        assert all(place in item.prompt for split in Split for item in domains[name].items(split)), name
        domains[name].close()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "when-domains-interact" else pytest.mark.slow) for name in NAMES]
)
def test_two_real_training_steps(name: str, files: dict[str, Path], model: Path, tmp_path: Path) -> None:
    chosen = (f"model={{path: {model}, chat_template: true}}", *SIZES, *TWO_STEPS[name])
    settings = [part for setting in chosen for part in ("--set", setting)]
    xdomain("grid", "run", files[name], *settings, "--store", tmp_path / "store")
    metrics = sorted((tmp_path / "store" / "stages").glob("train-*/metrics.jsonl"))
    steps = [json.loads(line) for path in metrics for line in path.read_text().splitlines()]
    assert len(steps) == 2
    for step in steps:
        for domain, found in step["domains"].items():
            assert found["unscored"] == 0, domain


def test_the_self_paced_arm_plans_beside_the_others(files: dict[str, Path], tmp_path: Path) -> None:
    command = re.search(r"^#   (xdomain grid run .*?\n(?:#     .*\n)+)", files["cgpo"].read_text(), re.MULTILINE)
    assert command is not None
    settings = re.findall(r"--set (?:'([^']+)'|(\S+))", command[1])
    chosen = [part for quoted, bare in settings for part in ("--set", quoted or bare)]
    plan = json.loads(xdomain("grid", "plan", files["cgpo"], *chosen, "--json", "--store", tmp_path / "s").stdout)
    assert plan["train_stages"] == 3
