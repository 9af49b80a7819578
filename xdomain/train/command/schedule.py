"""A stage's prompt schedule as a command reads it: JSONL, and Parquet rows as verl reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xdomain.config.training import TrainingConfig
from xdomain.core.files import write_atomic
from xdomain.models.prompting import opened_reasoning, render
from xdomain.train.prompt_schedule import ScheduledPrompt
from xdomain.train.prompts import StagePrompts

SPLIT = "train"


class CommandSchedule:
    """The prompts of a stage in the order of training.

    Args:
        prompts: The stage's prompts.
        training: Training settings, which say how many steps one rollout serves.
        tokenizer: Tokenizer of the parent.
        chat: Whether prompts go through the chat template.

    Attributes:
        opened: Domain and index of each prompt that ends in an open reasoning tag, with that tag.
    """

    def __init__(self, prompts: StagePrompts, training: TrainingConfig, tokenizer: Any, *, chat: bool) -> None:
        self._prompts = prompts
        self._rollout = training.prompts_per_step * training.updates_per_rollout
        self._period = training.rollout_period
        self._texts = {entry: render(prompts.item(entry), tokenizer, chat) for entry in dict.fromkeys(prompts.schedule)}
        opened = ((entry, opened_reasoning(text)) for entry, text in self._texts.items())
        self.opened = tuple((entry.domain, entry.index, tag) for entry, tag in opened if tag)

    def texts(self, most: int) -> list[str]:
        """Return the first prompts as the model reads them, each once."""
        return list(self._texts.values())[:most]

    def write_jsonl(self, path: Path) -> None:
        """Write one JSON object per prompt: `step`, `domain`, `index`, `item`, `prompt` and `text`."""
        lines = (json.dumps(self._line(place, entry)) for place, entry in enumerate(self._prompts.schedule))
        write_atomic(path, "".join(f"{line}\n" for line in lines), durable=False)

    def write_parquet(self, path: Path) -> None:
        """Write one row per prompt with the columns that verl's data sets have."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist([self._row(*each) for each in enumerate(self._prompts.schedule)]), path)

    def _line(self, place: int, entry: ScheduledPrompt) -> dict[str, Any]:
        return {
            "step": self._step(place),
            "domain": entry.domain,
            "index": entry.index,
            "item": self._prompts.item(entry).id,
            "prompt": self._prompts.row(entry)["prompt"],
            "text": self._texts[entry],
        }

    def _row(self, place: int, entry: ScheduledPrompt) -> dict[str, Any]:
        line, item = self._line(place, entry), self._prompts.item(entry)
        prompt = line["prompt"]
        return {
            "data_source": entry.domain,
            "prompt": [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt,
            "ability": entry.domain,
            "reward_model": {"style": "rule", "ground_truth": item.gold},
            "extra_info": {
                "split": SPLIT,
                "index": place,
                "step": line["step"],
                "domain": entry.domain,
                "item_index": entry.index,
                "item": item.id,
            },
        }

    def _step(self, place: int) -> int:
        """Return the first step (from 1) that a prompt's rollout serves."""
        return place // self._rollout * self._period + 1
