"""Places in files."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from xdomain.config.written import MOST_LISTED, Written
from xdomain.core.errors import ConfigErrors


@pytest.fixture
def written(tmp_path: Path) -> Written:
    path = tmp_path / "x.yaml"
    path.write_text("name: x\nmodel:\n  preset: tiny\nseeds: [0,\n  1]\n")
    return Written.file(path, ["training.steps=3"])


def test_a_place_is_the_nearest_thing_that_is_written(written: Written) -> None:
    assert written.place(("model", "preset")) == f"{written.name}:3:3: model.preset"
    assert written.place(("model", "warmup", "steps")) == f"{written.name}:2:1: model.warmup.steps"
    assert written.place(("seeds", 1)) == f"{written.name}:5:3: seeds.1"
    assert written.place(()) == written.name
    assert written.place(("training", "steps")) == "--set training.steps"
    assert written.place(("training", "steps_more")) == f"{written.name}: training.steps_more"


def test_a_part_has_a_file_of_its_own(written: Written) -> None:
    written.parts["domains", 0] = Written("d.yaml")
    assert written.place(("domains", 0, "name")) == "d.yaml: name"


def test_all_mistakes_are_listed_and_many_are_counted(written: Written) -> None:
    for number in range(MOST_LISTED + 3):
        written.note(("seeds", number), f"wrong {number}.\nvery", "Correct it.")
    written.note(("seeds", 0), "told already.")
    with pytest.raises(ConfigErrors) as caught:
        written.refuse()
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{written.name}: 23 mistakes."
    assert lines[1] == f"{written.name}:4:9: seeds.0: wrong 0. very Correct it."
    assert lines[-1] == "and 3 more."
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_mistakes_are_listed_in_the_order_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\nb: 2\nc: 3\n")
    written = Written.file(path)
    for key in "cab":
        written.note((key,), "wrong.")
    with pytest.raises(ConfigErrors) as caught:
        written.refuse()
    assert [line.rpartition(": ")[0][-1] for line in str(caught.value).splitlines()[1:]] == ["a", "b", "c"]
