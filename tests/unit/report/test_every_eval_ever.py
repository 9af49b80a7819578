"""Model cards and Every Eval Ever documents are what their readers accept, and carry lineage and intervals."""

import json
from pathlib import Path

import fastjsonschema
import pytest
import yaml

from tests.support.report_example import HOSTILE, example_result
from xdomain.analysis.result import AnalysisResult, EndCheckpoint
from xdomain.core.errors import ConfigError
from xdomain.report.every_eval_ever import every_eval_ever
from xdomain.report.file_names import file_names
from xdomain.report.model_card import model_card
from xdomain.report.write import write_report

SCHEMA = Path(__file__).parents[2] / "golden" / "every_eval_ever_0_3_0" / "eval.schema.json"


@pytest.fixture(scope="module")
def validate():
    return fastjsonschema.compile(json.loads(SCHEMA.read_text(encoding="utf-8")))


def end_of(result: AnalysisResult, run: str, seed: int) -> EndCheckpoint:
    return next(each for each in result.checkpoints if (each.run, each.seed) == (run, seed))


def test_every_document_follows_the_published_schema(tmp_path, validate):
    result = example_result(3, 3)
    folder = write_report(result, tmp_path, ["every-eval-ever"])["every-eval-ever"]
    documents = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.iterdir()}
    assert len(documents) == len(result.accuracy.rows)
    for document in documents.values():
        validate(document)
    found = documents["math-then-science"]
    measured = {d: c for d, c in result.accuracy.cells["math -> science"].items() if c.estimate is not None}
    assert [entry["evaluation_name"] for entry in found["evaluation_results"]] == list(measured)
    for entry in found["evaluation_results"]:
        cell = measured[entry["evaluation_name"]]
        interval = entry["score_details"]["uncertainty"]["confidence_interval"]
        assert (entry["score_details"]["score"], interval["lower"], interval["upper"]) == (
            cell.estimate,
            cell.low,
            cell.high,
        )
    assert found["model_info"]["additional_details"]["checkpoint_seed_2"].startswith("train-math->science-2")


def test_a_missing_accuracy_is_left_out_and_not_zero(validate):
    result = example_result(2, 1, measured=False)
    document = every_eval_ever(result, "math", retrieved_seconds=0.0, command="c")
    validate(document)
    assert document["evaluation_results"] == []


def test_hostile_names_stay_strings_of_the_schema(validate):
    result = example_result(2, 1)
    meta = result.meta.model_copy(update={"model": HOSTILE, "experiment": HOSTILE})
    document = every_eval_ever(result.model_copy(update={"meta": meta}), "math", retrieved_seconds=0.0, command=HOSTILE)
    validate(document)
    assert "\x1b" not in json.dumps(document, ensure_ascii=False)


def test_a_card_tells_the_lineage_from_the_base_and_the_scores_with_intervals():
    result = example_result(3, 3)
    card = model_card(result, end_of(result, "math -> science", 2), command="xdomain report x.yaml")
    lines = [line for line in card.splitlines() if line[:2] in {"1.", "2.", "3."}]
    assert [line.split("**")[1] for line in lines] == ["base", "math", "math -\\> science"]
    assert "train-math-2123456789abcdef@120" in lines[1], "the parent of the same seed"
    assert "train-math-\\>science-2123456789abcdef@120" in lines[2]
    assert "240 steps since the base" in lines[2]
    assert "| optimizer steps | 240 |" in card
    assert "| generated tokens | not recorded |" in card


def test_a_card_is_of_one_checkpoint_and_shows_the_mean_of_all_seeds_beside(tmp_path):
    result = example_result(3, 3)
    folder = write_report(result, tmp_path, ["model-cards"])["model-cards"]
    assert len(list(folder.iterdir())) == len(result.checkpoints) == 1 + 3 * (len(result.effort) - 1)
    cards = [folder.joinpath(f"math-seed-{seed}.md").read_text(encoding="utf-8") for seed in (0, 2)]
    zero, two = (yaml.safe_load(card.split("---\n")[1])["model-index"][0] for card in cards)
    assert [each["name"] for each in (zero, two)] == ["four-domains: math, seed 0", "four-domains: math, seed 2"]
    first, last = (each["results"][0]["metrics"][0]["value"] for each in (zero, two))
    mean = result.accuracy.cells["math"]["math"]
    assert (first, last) == (pytest.approx(mean.estimate), pytest.approx(mean.estimate + 0.02))
    assert f"| {100 * mean.estimate + 2:.1f} " in cards[1]
    assert f"| {100 * mean.estimate:.1f} " in cards[1]


def test_results_without_checkpoints_have_no_cards(tmp_path):
    result = example_result(2, 1).model_copy(update={"checkpoints": ()})
    with pytest.raises(ConfigError, match="no checkpoint"):
        write_report(result, tmp_path, ["model-cards"])


@pytest.mark.parametrize("model", ["Qwen/Qwen3-4B-Base", "a local folder: [x]", HOSTILE])
def test_the_card_header_is_yaml_that_the_hub_reads(model):
    huggingface_hub = pytest.importorskip("huggingface_hub")
    result = example_result(3, 3)
    result = result.model_copy(update={"meta": result.meta.model_copy(update={"model": model})})
    checkpoint = end_of(result, "math", 1)
    text = model_card(result, checkpoint, command="c")
    header = yaml.safe_load(text.split("---\n")[1])
    assert header.get("base_model") == (model if model == "Qwen/Qwen3-4B-Base" else None)
    card = huggingface_hub.ModelCard(text)
    scores = {entry.dataset_name: entry.metric_value for entry in card.data.eval_results}
    assert scores == {d: c.estimate for d, c in checkpoint.accuracy.items() if c.estimate is not None}


def test_file_names_are_harmless_and_distinct():
    names = file_names(["math -> science", "math + science", "2*math + science", "../../etc", "a b", "a-b", "???"])
    assert list(names.values()) == [
        "math-then-science", "math-with-science", "2xmath-with-science", "etc", "a-b", "a-b-2", "run",
    ]  # fmt: skip
