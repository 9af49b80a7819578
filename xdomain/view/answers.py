"""A table of all answers of an experiment, which a page filters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.plan.measurement import EvaluatedCheckpoint
from xdomain.view.prompts import PromptTexts

SHOWN = (
    "completion", "answer", "gold", "score", "reward", "outcome", "reason", "sample", "completion_tokens",
    "finish_reason",
)  # fmt: skip
"""Record columns that a page shows unchanged."""
SEARCHED = ("completion", "answer", "gold")


class Change(StrEnum):
    """Direction in which an item's mean score differs between two checkpoints."""

    GAINED = "gained"
    LOST = "lost"


@dataclass(frozen=True)
class Filter:
    """Conditions on the rows of a page; an empty field does not filter.

    Attributes:
        domain: Evaluated domain.
        checkpoint: Label of a checkpoint.
        outcome: Verdict.
        change: Keeps only items whose mean score is higher (or lower) at `checkpoint` than at `against`.
        against: Label of the other checkpoint of `change`.
        text: Text to look for, without regard to case, in question, completion, extracted answer and gold.
    """

    domain: str = ""
    checkpoint: str = ""
    outcome: str = ""
    change: str = ""
    against: str = ""
    text: str = ""


class Answers:
    """Item records with the names of their checkpoints.

    Args:
        title: Title of the page.
        records: Item records with their text.
        labels: Label of each value of the column `checkpoint`, in the order of the page.
        items: Items by domain and id, if the data can be read.
        prompts: Renderer of prompts as a checkpoint saw them.
        rollouts: Kept training completions, as `read_rollouts` reads them.
    """

    def __init__(
        self,
        title: str,
        records: pd.DataFrame,
        labels: Mapping[str, str],
        items: Mapping[str, Mapping[str, Item]],
        prompts: PromptTexts,
        rollouts: pd.DataFrame | None = None,
    ) -> None:
        self.experiment = title
        self.domains = tuple(dict.fromkeys(records["domain"]))
        self.labels = dict(labels)
        self._items = items
        self._prompts = prompts
        records = records.assign(reward=None, step=0)
        if rollouts is not None and len(rollouts):
            records = pd.concat([records, rollouts], ignore_index=True)
            self.labels |= {name: f"rollouts of {name}" for name in rollouts["checkpoint"].unique()}
        order = {name: position for position, name in enumerate(self.labels)}
        position = records["checkpoint"].map(order)
        self._records = (
            records.assign(position=position)
            .sort_values(["domain", "item_id", "position", "step", "sample"], kind="stable")
            .reset_index(drop=True)
        )
        # Built in the background during the first requests, so that neither they nor the first search wait long.
        self._haystack = ThreadPoolExecutor(1).submit(self._searched_texts)

    @property
    def choices(self) -> dict[str, Sequence[str]]:
        """Return the values that the filters of a page offer."""
        return {
            "domain": self.domains,
            "checkpoint": tuple(self.labels.values()),
            "outcome": tuple(Outcome),
            "change": tuple(Change),
        }

    def find(self, wanted: Filter) -> pd.Index:
        """Return the indices of the rows that pass, in order of domain, item, checkpoint and sample.

        Raises:
            KeyError: The filter has a label or a value that `choices` does not offer.
        """
        kept = pd.Series(True, index=self._records.index)
        if wanted.domain:
            kept &= self._records["domain"] == self._known("domain", wanted.domain)
        if wanted.outcome:
            kept &= self._records["outcome"] == self._known("outcome", wanted.outcome)
        if wanted.change:
            kept &= self._changed(wanted)
        if wanted.checkpoint:
            shown = {self._name(wanted.checkpoint)} | ({self._name(wanted.against)} if wanted.change else set())
            kept &= self._records["checkpoint"].isin(shown)
        found = self._records.index[kept]
        if wanted.text:
            needle, texts = wanted.text.casefold(), self._haystack.result()
            found = pd.Index([row for row in found if needle in texts[row]], dtype=found.dtype)
        return found

    def row(self, position: int) -> dict[str, Any]:
        """Return one row as plain JSON, with null for a missing value.

        `prompt` is the text that the checkpoint saw, or null if it cannot be rendered again. `question` is the item's
        own prompt, or null if its data is not on this machine.
        """
        record: Mapping[Hashable, Any] = self._records.loc[position].to_dict()
        domain, checkpoint = record["domain"], record["checkpoint"]
        item = self._items.get(domain, {}).get(record["item_id"])
        shown = {name: None if pd.isna(record[name]) else record[name] for name in SHOWN}
        tokens = shown["completion_tokens"]
        return shown | {
            "sample": int(record["sample"]),
            "step": int(record["step"]),
            "completion_tokens": None if tokens is None else int(tokens),
            "domain": domain,
            "item": record["item_id"],
            "checkpoint": self.labels[checkpoint],
            "question": None if item is None else item.prompt,
            "prompt": None if item is None else self._prompts.find(item, checkpoint, record["prompt_hash"]),
        }

    def _changed(self, wanted: Filter) -> pd.Series:
        """Return a mask of the rows whose item changed in the wanted direction.

        An item without a verdict at one of the two checkpoints did not change.
        """
        change = Change(self._known("change", wanted.change))
        before, after = self._means.get(self._name(wanted.against)), self._means.get(self._name(wanted.checkpoint))
        if before is None or after is None:
            return pd.Series(False, index=self._records.index)
        difference = after.sub(before)
        moved = difference[difference > 0] if change is Change.GAINED else difference[difference < 0]
        keys = pd.MultiIndex.from_frame(self._records[["domain", "item_id"]])
        return pd.Series(keys.isin(moved.index), index=self._records.index)

    @cached_property
    def _means(self) -> dict[str, pd.Series]:
        """Return the mean score by domain and item, for each checkpoint."""
        means = self._records.groupby(["checkpoint", "domain", "item_id"], observed=True)["score"].mean().dropna()
        return {str(name): part.droplevel(0) for name, part in means.groupby(level=0)}

    def _searched_texts(self) -> list[str]:
        """Return the text of each row that a search covers."""
        questions = {
            (domain, name): item.prompt for domain, items in self._items.items() for name, item in items.items()
        }
        columns = [self._records[name].fillna("") for name in ("domain", "item_id", *SEARCHED)]
        return [
            "\n".join((questions.get((domain, item), ""), *texts)).casefold()
            for domain, item, *texts in zip(*columns, strict=True)
        ]

    def _known(self, kind: str, value: str) -> str:
        if value not in self.choices[kind]:
            raise KeyError(f'{kind} "{value}"')
        return value

    def _name(self, label: str) -> str:
        """Return the checkpoint that a label names."""
        try:
            return next(name for name, known in self.labels.items() if known == label)
        except StopIteration:
            raise KeyError(f'checkpoint "{label}"') from None


def label_of(place: EvaluatedCheckpoint) -> str:
    """Return a label such as "math -> science, seed 0, step 40" or "base"."""
    if place.run.is_base:
        return str(place.run)
    seed = "" if place.seed is None else f", seed {place.seed}"
    return f"{place.run}{seed}, step {place.step}"


def evaluation_labels(evaluated: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return one label per evaluation: its checkpoint's, with the start of its key if a checkpoint has several.

    Args:
        evaluated: Title of the checkpoint ("math, seed 0 step 40") and domain of each evaluation, by stage key.
    """
    counts = Counter(evaluated.values())
    return {key: of[0] + (f" ({key[:8]})" if counts[of] > 1 else "") for key, of in evaluated.items()}


def read_rollouts(files: Mapping[str, Path]) -> pd.DataFrame:
    """Read kept training completions, one per row. Their `checkpoint` is the title of their stage.

    Args:
        files: Path of `rollouts.jsonl` of each stage, by the stage's title.
    """
    frames = []
    for title, path in files.items():
        frame = pd.DataFrame([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
        frame["finish_reason"] = frame.pop("truncated").map({True: "length", False: "stop"})
        frames.append(frame.assign(checkpoint=title, prompt_hash="", completion_tokens=None))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
