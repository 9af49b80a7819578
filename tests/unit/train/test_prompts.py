"""Which items a training stage may use: prompts that fit `max_prompt_tokens` and the model's context."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_experiment
from tests.support.stages import train_stage
from tests.support.toy_training import CharacterDomain
from xdomain.core.errors import DataError
from xdomain.core.stage import StageContext
from xdomain.domains.base import Item, Split
from xdomain.models.prompting import encode, render
from xdomain.models.tiny import tiny_tokenizer
from xdomain.train.prompts import StagePrompts
from xdomain.train.rollouts import prompt_fits

LENGTHS = (10, 20, 40, 60)


class Lengths(CharacterDomain):
    """Prompts of 10, 20, 40 and 60 characters, which are tokens here."""

    def items(self, split: Split) -> Sequence[Item]:
        return [Item(str(size), "x" * size, "1") for size in LENGTHS]


class Quiet:
    def progress(self, done: int, total: int, **values: Any) -> None: ...

    def event(self, kind: str, **values: Any) -> None: ...


def stage_prompts(folder: Path, *, longest: int | None, room: int | None) -> StagePrompts:
    training = {"steps": 2, "prompts_per_step": 2, "generations": 2, "max_prompt_tokens": longest}
    context = StageContext(folder, folder, {}, 0, "cpu", Quiet())
    domains = {"logic": Lengths("logic", str.isdigit)}
    experiment = make_experiment(training=training)
    stage = train_stage("logic")
    return StagePrompts(experiment.training, stage, context, domains, tiny_tokenizer(), chat=False, room=room)


@pytest.mark.parametrize(
    ("longest", "room", "kept"),
    [(None, None, 4), (40, None, 3), (39, None, 2), (None, 41, 3), (None, 40, 2), (40, 21, 2), (20, 99, 2)],
)
def test_prompts_that_do_not_fit_are_left_out_and_counted(
    longest: int | None, room: int | None, kept: int, tmp_path: Path
) -> None:
    prompts = stage_prompts(tmp_path, longest=longest, room=room)
    assert {entry.index for entry in prompts.schedule} == set(range(kept))
    assert prompts.too_long == 4 - kept


@pytest.mark.parametrize(
    ("longest", "room", "where"),
    [(9, None, "training.max_prompt_tokens"), (9, 11, "training.max_prompt_tokens"), (20, 10, "model")],
)
def test_where_no_prompt_fits_the_setting_at_fault_is_named(
    longest: int | None, room: int | None, where: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="has no train item left") as caught:
        stage_prompts(tmp_path, longest=longest, room=room)
    assert caught.value.where == where


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("text", ["1+1=", "ää" * 30, "数" * 40, "e" * 90])
def test_a_prompt_fits_exactly_its_own_length(text: str, chat: bool) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}[{{ m.content }}]{% endfor %}"
    item = Item("1", text, "2", system="Be brief.")
    (ids,) = encode([render(item, tokenizer, chat)], tokenizer, chat)
    assert prompt_fits(item, tokenizer, chat, None)
    assert prompt_fits(item, tokenizer, chat, len(ids))
    assert not prompt_fits(item, tokenizer, chat, len(ids) - 1)
