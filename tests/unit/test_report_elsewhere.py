"""A report of published accuracies: what was never measured is said once, and nothing is claimed of training."""

import io

import pytest
from rich.console import Console

from tests.report_example import example_result
from xdomain.analysis.accuracy_table import analyse_table
from xdomain.analysis.gate import cells_named
from xdomain.analysis.reference import inconsistencies, load_reference, published_effects
from xdomain.report.html import render_html
from xdomain.report.layout import main_matrices, unmeasured
from xdomain.report.markdown import render_markdown
from xdomain.report.numbers import estimate_text, interval_text
from xdomain.report.published import published_tables


@pytest.fixture(scope="module")
def published():
    return analyse_table(load_reference().table)


def test_tables_without_a_number_are_named_and_not_drawn(published):
    assert "transfer" not in {matrix.name for matrix in main_matrices(published)}
    assert published.transfer.title in dict(unmeasured(published))
    text = render_markdown(published)
    assert "## Tables without a number" in text
    assert "## Transfer" not in text
    assert 'id="transfer"' not in render_html(published)


def test_the_opening_does_not_claim_that_anything_was_trained_here(published):
    text = render_markdown(published)
    assert "Results from elsewhere: 32 curricula over math, science, logic and puzzle" in text
    assert "was trained" not in text


def test_the_published_order_effects_are_on_the_page_with_bounds(published):
    page = render_html(published)
    assert "+15.5" in page
    assert "an effect is shown in <strong>0 of 12</strong> cells tested" in page


def test_the_reference_table_says_which_effects_stand_and_what_contradicts():
    reference = load_reference()
    console = Console(width=160, file=io.StringIO(), force_terminal=False)
    effects = published_effects(reference)
    for part in published_tables(reference.table.source, effects, inconsistencies(reference)):
        console.print(part)
    out = console.file.getvalue()
    for effect in effects:
        assert effect.name in out
    standing = sum(effect.stands == "for any pairing" for effect in effects)
    assert f"{standing} of {len(effects)} for any pairing" in out
    assert "69.99" in out


def test_ones_own_cells_stand_beside_the_published_ones():
    result = example_result()
    effects = published_effects(load_reference())
    own = cells_named(result, [effect.name for effect in effects])
    assert "order(math, science) on science" in own
    assert "order(math, puzzle) on math" not in own, "the example has three domains"
    console = Console(width=200, file=io.StringIO(), force_terminal=False)
    for part in published_tables("elsewhere", effects, (), own):
        console.print(part)
    line = next(line for line in console.file.getvalue().splitlines() if "order(math, science) on science" in line)
    cell = result.order_effect.cells["math, science"]["science"]
    shown = f"{estimate_text('fraction', cell.estimate)} {interval_text('fraction', cell.low, cell.high)}"
    assert shown in line
