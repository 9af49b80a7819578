"""The page's structure, read by a parser; the browser test sees how it behaves."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from tests.support.report_example import HOSTILE, example_result, with_matrices
from xdomain.analysis.result import Finding, RunEffort
from xdomain.report.html import render_html, template_text
from xdomain.report.reproduce import cell_command, short_checkpoint, without_writing

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """Collects tags, ids, links and text, and checks that elements close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize(("domains", "seeds", "measured"), [(2, 1, True), (3, 3, True), (8, 3, True), (2, 1, False)])
def test_elements_close_ids_are_unique_and_every_link_has_a_target(domains, seeds, measured):
    page = Page(render_html(example_result(domains, seeds, measured=measured)))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for attributes in page.named("a")]
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_nothing_is_loaded_from_anywhere():
    page = Page(render_html(example_result()))
    sources = [a[key] for _, a in page.tags for key in ("src", "srcset", "action", "data", "poster") if key in a]
    assert sources == []
    assert [a["href"] for a in page.named("link")] == ["data:,"]
    assert not re.search(r"url\(|@import|https?://", render_html(example_result()))


def test_only_our_script_runs():
    page = Page(render_html(example_result()))
    (script,) = page.texts["script"]
    (policy,) = [a["content"] for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert [key for _, a in page.tags for key in a if key.startswith("on")] == []


def test_hostile_text_is_text_wherever_it_stands():
    result = example_result()
    meta = result.meta.model_copy(
        update={
            "experiment": HOSTILE,
            "model": HOSTILE,
            "missing": (HOSTILE,),
            "description": {HOSTILE: [HOSTILE, {"inner": HOSTILE}]},
        }
    )
    effort = dict(result.effort) | {HOSTILE: RunEffort(curriculum=HOSTILE, checkpoints={HOSTILE: HOSTILE})}
    transfer = result.matrices["transfer"]
    noted = transfer.cells["math"]["science"].model_copy(update={"note": HOSTILE, "compares": (HOSTILE, "base")})
    cells = dict(transfer.cells) | {"math": {"science": noted}}
    shown = {"title": HOSTILE, "definition": HOSTILE, "question": HOSTILE, "hint": HOSTILE}
    changed = with_matrices(result, transfer.model_copy(update={"cells": cells, **shown}))
    findings = [
        Finding(name=HOSTILE, title=HOSTILE, sentence=HOSTILE, is_main=main, details=(HOSTILE,))
        for main in (True, False)
    ]
    text = render_html(changed.model_copy(update={"meta": meta, "effort": effort, "findings": tuple(findings)}))
    page = Page(text)
    assert len(page.named("script")) == 1
    assert page.named("img") == []
    assert "\x1b" not in text
    assert "49" not in page.texts["title"][0]


def test_noise_is_marked_in_words_and_class_not_by_colour_alone():
    result = example_result(4, 3)
    page = Page(render_html(result))
    cells = [a["class"].split() for a in page.named("td") if "style" in a]
    noise = sum("noise" in names for names in cells)
    assert noise > 0
    assert "no effect shown" in page.texts["span"]


def test_the_command_of_a_cell_is_safe_in_a_shell():
    result = example_result()
    line = cell_command(result.matrices["transfer"], "x'; rm -rf ~; '", "math", report_command="xdomain report x")
    assert line == """xdomain report x --json | jq '.matrices["transfer"].cells["x'"'"'; rm -rf ~; '"'"'"]["math"]'"""


def test_the_command_of_a_cell_writes_no_files():
    typed = "xdomain report 'my grid.yaml' --format html --format=csv --store s --out docs --json --seeds 0,1"
    assert without_writing(typed) == "xdomain report 'my grid.yaml' --store s --seeds 0,1"
    page = Page(render_html(example_result(), report_command=typed))
    commands = {a["data-command"].partition(" | ")[0] for a in page.named("tr") if "data-command" in a}
    assert commands == {"xdomain report 'my grid.yaml' --store s --seeds 0,1 --json"}
    assert typed in page.texts["code"]


def test_a_checkpoint_is_named_by_the_beginning_of_its_key():
    assert short_checkpoint("0123456789ab" * 5 + "cdef" + "@120") == "0123456789ab@120"
    assert short_checkpoint("adapter-0123@40") == "adapter-0123@40"


def test_the_command_of_a_cell_finds_it_where_the_json_has_it():
    result = example_result()
    lost = cell_command(result.matrices["lost"], "math", "math", report_command="r")
    assert lost == """r --json | jq '.matrices["lost"].cells["math"]["math"]'"""
    document = result.model_dump(mode="json")
    assert document["matrices"]["lost"]["cells"]["math"]["math"]["compares"] == ["math", "base"]


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(theme):
    blocks = re.findall(r":root \{(.*?)\}", template_text("style.css"), flags=re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[theme]))
    pairs = [(ink, "ground") for ink in ("ink", "soft", "faint", "noise-ink", "accent")]
    pairs += [("ink", ground) for ground in ("gain", "loss", "size", "cell", "surface")]
    pairs += [("noise-ink", "cell"), ("noise-ink", "hatch"), ("soft", "surface")]
    for ink, ground in pairs:
        bright, dim = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, (ink, ground)
