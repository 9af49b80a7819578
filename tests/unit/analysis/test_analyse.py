"""Bad input: each a clear statement, an AnalysisError or a blank cell with a note."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse, analyse_each
from xdomain.core.errors import AnalysisError

DOMAINS = ("math", "science")


@pytest.fixture
def grid():
    return make_grid(DOMAINS, n_items=20, seeds=(0, 1), saved_every=40)


def test_empty_store(grid):
    with pytest.raises(AnalysisError, match="no records yet"):
        analyse(replace(grid, records=grid.records.iloc[:0]))


def test_missing_column(grid):
    with pytest.raises(AnalysisError, match="no column score"):
        analyse(replace(grid, records=grid.records.drop(columns="score")))


def test_mixed_experiments(grid):
    foreign = grid.records.iloc[:7].assign(checkpoint="other@1")
    with pytest.raises(AnalysisError, match=r'7 of .* records belong to a checkpoint .* "other@1"'):
        analyse(replace(grid, records=pd.concat([grid.records, foreign])))


def test_two_ends_of_one_run(grid):
    extra = replace(grid.checkpoints[1], checkpoint="twin@40")
    with pytest.raises(AnalysisError, match="2 end checkpoints for seed 0"):
        analyse(replace(grid, checkpoints=(*grid.checkpoints, extra)))


def test_foreign_domain(grid):
    with pytest.raises(AnalysisError, match="domain that is not part"):
        analyse(replace(grid, domains=("math",)))


def test_duplicate_rows(grid):
    with pytest.raises(AnalysisError, match=r'3 records of domain "math" are duplicated.*"base@0".*sample 0'):
        analyse(replace(grid, records=pd.concat([grid.records, grid.records.iloc[:3]])))


def test_nan_scores_that_were_judged(grid):
    records = grid.records.copy()
    records.loc[records.index[:4], "score"] = np.nan
    with pytest.raises(AnalysisError, match=r"4 records .* judged but have no score"):
        analyse(replace(grid, records=records))


def test_scores_out_of_range(grid):
    records = grid.records.copy()
    records.loc[records.index[0], "score"] = -1.0
    with pytest.raises(AnalysisError, match="outside"):
        analyse(replace(grid, records=records))


def test_scores_that_are_words(grid):
    records = grid.records.astype({"score": object})
    records.loc[records.index[0], "score"] = "good"
    with pytest.raises(AnalysisError, match="not numbers"):
        analyse(replace(grid, records=records))


@pytest.mark.parametrize(("column", "words"), [("prompt_hash", "different prompts"), ("scorer", "different scorers")])
def test_unequal_questions(grid, column, words):
    records = grid.records.copy()
    records.loc[records["checkpoint"] == "math-s0@40", column] = "changed"
    with pytest.raises(AnalysisError, match=words):
        analyse(replace(grid, records=records))


def test_a_grid_may_say_what_trained_it(grid):
    sentence = "Trained by the command `train`, version 1."
    assert sentence in analyse(replace(grid, statements=(sentence,))).meta.statements


def test_models_with_templates_of_their_own_pair_by_item(grid):
    """What a grid is refused for, models may do: their items are the same where the gold answers are."""
    own = dict.fromkeys(("math-s0@40", "math-s1@40"), "sha256 1234")
    places = tuple(replace(each, template=own.get(each.checkpoint, "none")) for each in grid.checkpoints)
    records = grid.records.assign(gold=grid.records["item_id"])
    records.loc[records["checkpoint"].isin(own), "prompt_hash"] += " in a template"
    alone = analyse(grid)
    result = analyse(replace(grid, records=records, checkpoints=places))
    assert result.matrices["transfer"] == alone.matrices["transfer"]
    assert (alone.meta.templates, result.meta.templates["math"]) == ({}, "sha256 1234")
    assert "asked through different templates" in result.meta.statements[-1]

    other = records.assign(gold=records["gold"].where(~records["checkpoint"].isin(own), "another"))
    with pytest.raises(AnalysisError, match="gold answers differ"):
        analyse(replace(grid, records=other, checkpoints=places))
    records.loc[records["checkpoint"] == "math-s0@40", "prompt_hash"] = "changed"
    with pytest.raises(AnalysisError, match="different prompts"):
        analyse(replace(grid, records=records, checkpoints=places))


def test_unscored_verdicts_are_left_out_and_counted(grid):
    records = grid.records.copy()
    lost = (records["checkpoint"] == "math-s0@40") & records["item_id"].isin({"math-00000", "math-00001"})
    records.loc[lost, "score"], records.loc[lost, "outcome"] = None, "unscored"
    result = analyse(replace(grid, records=records))
    cell = result.matrices["transfer"].cell("math", "math")
    assert cell.n_items == 18
    assert "2 items left out" in cell.caveat
    assert result.accuracy.answers["math"]["math"].unscored == pytest.approx(2 / 40)
    assert result.matrices["transfer"].cell("science", "math").n_items == 20


def test_other_items_are_refused_with_the_count(grid):
    records = grid.records.copy()
    other = (
        (records["checkpoint"] == "math-s0@40") & (records["item_id"] >= "math-00015") & (records["domain"] == "math")
    )
    records.loc[other, "item_id"] = records.loc[other, "item_id"].str.replace("math-", "math-x")
    records["prompt_hash"] = records["item_id"]
    records["cluster_id"] = records["item_id"]
    cell = analyse(replace(grid, records=records)).matrices["transfer"].cell("math", "math")
    assert cell.estimate is None
    assert cell.note == 'refused: the checkpoints were asked different items on "math"; 15 of 25 are common'


def test_domain_missing_for_some_checkpoints(grid):
    gone = grid.records["checkpoint"].str.startswith("math->science") & (grid.records["domain"] == "science")
    result = analyse(replace(grid, records=grid.records[~gone], missing=("math -> science on science",)))
    cell = result.matrices["order_effect"].cell("math, science", "science")
    assert cell.estimate is None
    assert 'was not evaluated on "science"' in cell.note
    assert result.matrices["order_effect"].cell("math, science", "math").estimate is not None
    assert result.matrices["order_sensitivity"].cell("math, science", "trained domains").estimate is None
    assert result.matrices["mix_gain"].cell("math + science", "science").estimate is None
    (missing,) = [finding.sentence for finding in result.findings if finding.name == "missing"]
    assert "1 planned evaluation is missing" in missing


def test_seed_missing_for_some_checkpoints(grid):
    gone = grid.records["checkpoint"] == "math->science-s1@40"
    cell = analyse(replace(grid, records=grid.records[~gone])).matrices["order_effect"].cell("math, science", "math")
    assert cell.n_seeds == 1
    assert cell.speaks_of == "these checkpoints"
    assert "1 of 2 seeds" in cell.caveat


def test_no_base(grid):
    rest = tuple(c for c in grid.checkpoints if str(c.run) != "base")
    records = grid.records[grid.records["checkpoint"] != "base@0"]
    result = analyse(replace(grid, checkpoints=rest, records=records))
    assert result.matrices["transfer"].cell("math", "math").estimate is None
    assert '"base" has no evaluated end checkpoint' in result.matrices["transfer"].cell("math", "math").note
    assert result.summary.mean_diagonal_transfer.estimate is None
    assert result.matrices["order_effect"].cell("math, science", "math").estimate is not None


def test_planned_run_without_checkpoint(grid):
    kept = tuple(c for c in grid.checkpoints if str(c.run) != "science -> math")
    records = grid.records[grid.records["checkpoint"].isin({c.checkpoint for c in kept})]
    result = analyse(replace(grid, checkpoints=kept, records=records))
    cell = result.matrices["order_effect"].cell("math, science", "math")
    assert cell.estimate is None
    assert cell.note == 'not measured: "science -> math" has no evaluated end checkpoint'


def test_only_the_base_was_evaluated(grid):
    base = grid.checkpoints[:1]
    records = grid.records[grid.records["checkpoint"] == "base@0"]
    result = analyse(replace(grid, checkpoints=base, records=records))
    assert result.accuracy.cell("base", "math").estimate is not None
    assert result.matrices["transfer"].cell("math", "science").estimate is None
    result.model_dump_json()


def test_optional_columns_may_be_absent(grid):
    result = analyse(replace(grid, records=grid.records[["checkpoint", "domain", "item_id", "sample", "score"]]))
    assert result.accuracy.answers["math"]["math"].truncated is None
    assert result.items[0].completion_before is None


def test_several_models_are_analysed_one_by_one(grid):
    copies = tuple(replace(c, checkpoint="big-" + c.checkpoint, model="big") for c in grid.checkpoints)
    records = pd.concat([grid.records, grid.records.assign(checkpoint="big-" + grid.records["checkpoint"])])
    both = replace(grid, checkpoints=grid.checkpoints + copies, records=records)
    with pytest.raises(AnalysisError, match="models tiny, big"):
        analyse(both)
    results = analyse_each(both)
    assert results["big"].matrices["transfer"] == results["tiny"].matrices["transfer"]
