from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.command_stage import domains
from tests.support.stage_runs import Silent
from tests.support.stages import train_stage
from xdomain.config.training import TrainingConfig
from xdomain.core.stage import StageContext
from xdomain.models.tiny import tiny_tokenizer
from xdomain.train.command.schedule import CommandSchedule
from xdomain.train.prompts import StagePrompts

TEMPLATE = "{{ messages[-1].content }}{% if add_generation_prompt %}\n<think>\n{% endif %}"


def schedule(folder: Path, *, chat: bool, **training: int) -> tuple[StagePrompts, CommandSchedule]:
    settings = TrainingConfig.model_validate({"steps": 4, "prompts_per_step": 4} | training)
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE if chat else None
    stage = train_stage("letters + sums", steps=4)
    context = StageContext(folder, folder, {}, 7, "cpu", Silent())
    prompts = StagePrompts(settings, stage, context, domains(folder), tokenizer, chat=chat, room=256)
    return prompts, CommandSchedule(prompts, settings, tokenizer, chat=chat)


@pytest.mark.parametrize(
    ("training", "steps"),
    [
        ({}, [1, 2, 3, 4]),
        ({"updates_per_rollout": 2}, [1, 1, 3, 3]),
        ({"epochs_per_rollout": 2}, [1, 3]),
    ],
)
def test_each_prompt_names_the_first_step_that_learns_from_it(
    tmp_path: Path, training: dict[str, int], steps: list[int]
) -> None:
    prompts, files = schedule(tmp_path, chat=False, **training)
    files.write_jsonl(tmp_path / "prompts.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "prompts.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [step for step in steps for _ in range(4)]
    assert [(line["domain"], line["index"]) for line in lines] == [(e.domain, e.index) for e in prompts.schedule]
    assert lines[0]["prompt"] == lines[0]["text"] == prompts.item(prompts.schedule[0]).prompt
    assert files.opened == ()


def test_the_parquet_file_has_verls_columns_and_the_same_prompts(tmp_path: Path) -> None:
    prompts, files = schedule(tmp_path, chat=True)
    files.write_jsonl(tmp_path / "prompts.jsonl")
    files.write_parquet(tmp_path / "prompts.parquet")
    lines = [json.loads(line) for line in (tmp_path / "prompts.jsonl").read_text().splitlines()]
    rows = pq.read_table(tmp_path / "prompts.parquet").to_pylist()
    assert [row["prompt"] for row in rows] == [line["prompt"] for line in lines]
    for place, (row, entry) in enumerate(zip(rows, prompts.schedule, strict=True)):
        assert row["data_source"] == row["ability"] == entry.domain
        assert row["reward_model"] == {"style": "rule", "ground_truth": prompts.item(entry).gold}
        assert row["extra_info"]["index"] == place
        assert (row["extra_info"]["domain"], row["extra_info"]["item_index"]) == (entry.domain, entry.index)
    assert {(domain, index) for domain, index, _ in files.opened} == {(e.domain, e.index) for e in prompts.schedule}
    assert {tag for _, _, tag in files.opened} == {"<think>\n"}
    assert len(files.texts(3)) == 3
