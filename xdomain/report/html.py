"""The report as one self-contained HTML page: style, script and figures are inline, and no request is made."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from xdomain.analysis.result import AnalysisResult, BestSet, Matrix
from xdomain.core.foreign_text import plain
from xdomain.report import attribution_bars, module_map, numbers, prediction_scatter, published, recovery_picture
from xdomain.report.accuracy import accuracy_rows
from xdomain.report.cell_view import cell_state
from xdomain.report.colour import scales
from xdomain.report.contrasts import contrast_views
from xdomain.report.cost_picture import COST_BOX, cost_pictures
from xdomain.report.curves import FRAME, HEIGHT, WIDTH, X_TITLE, Y_TITLE, panels
from xdomain.report.diagnosis_words import SHOWN
from xdomain.report.effort import AMOUNTS
from xdomain.report.heatmap import HeatMap, heat_map
from xdomain.report.item_titles import item_titles
from xdomain.report.layout import definition, further_matrices, main_matrices, source
from xdomain.report.notes import NOTATION, notes
from xdomain.report.overview import facts, overview
from xdomain.report.reproduce import default_command, short_checkpoint, without_writing
from xdomain.report.sections import table_sections
from xdomain.report.tree import curriculum_tree
from xdomain.report.ways import ways_sections


def render_html(result: AnalysisResult, *, report_command: str | None = None) -> str:
    """Return the page.

    Args:
        report_command: Command that the user typed to make the report ("xdomain report experiments/smoke.yaml"). The
            command to reproduce a number begins with it.
    """
    command = report_command or default_command(result)
    cell_command = without_writing(command)
    script = template_text("script.js")
    main = _heat_maps(result, main_matrices(result), cell_command)
    further = _heat_maps(result, further_matrices(result), cell_command)
    sequences, other_panels = panels(result)
    return (
        environment()
        .get_template("page.html")
        .render(
            result=result,
            meta=result.meta,
            contrasts=contrast_views(result),
            overview=overview(result),
            facts=facts(result),
            notation=NOTATION,
            notes=notes(result),
            main=main,
            further=further,
            accuracy=heat_map(result, result.accuracy, None, report_command=cell_command),
            accuracy_rows=accuracy_rows(result.accuracy),
            best_groups=_best_groups(result),
            titles=item_titles(result.items),
            strategy_sections=table_sections(result),
            ways_sections=ways_sections(result),
            cost_pictures=cost_pictures(result),
            references=result.references,
            tree=curriculum_tree(result),
            module_maps=module_map.module_maps(result.diagnoses),
            recovery_pictures=recovery_picture.recovery_pictures(result),
            scatters=prediction_scatter.scatters(result),
            bar_charts=attribution_bars.bar_charts(result.diagnoses),
            sequences=sequences,
            other_panels=other_panels,
            width=WIDTH,
            height=HEIGHT,
            command=command,
            run_numbers={label: number for number, label in enumerate(result.effort)},
            style=Markup(template_text("style.css")),  # noqa: S704 our own file, not the run's text
            script=Markup(script),  # noqa: S704 our own file, not the run's text
            script_hash=script_hash(script),
        )
    )


def _best_groups(result: AnalysisResult) -> dict[str, list[BestSet]]:
    """Return the sets of runs that are not beaten, keyed by what was compared, the widest comparison first."""
    groups: dict[str, list[BestSet]] = {}
    for found in result.summary.best:
        groups.setdefault(found.group, []).append(found)
    widest = sorted(groups, key=lambda group: -max(len(found.candidates) for found in groups[group]))
    return {group: groups[group] for group in widest}


def _heat_maps(result: AnalysisResult, matrices: list[Matrix], command: str) -> list[HeatMap]:
    """Return heat maps on common scales, so that those of one call are comparable with each other."""
    limits = scales(matrices)
    return [heat_map(result, matrix, limits.get(matrix.unit), report_command=command) for matrix in matrices]


def environment() -> Environment:
    """Return a template environment that escapes every value, whatever the file's name, and refuses unknown names."""
    found = Environment(
        loader=PackageLoader("xdomain.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_control_characters,
    )
    found.globals.update(
        estimate_text=numbers.estimate_text,
        interval_text=numbers.interval_text,
        share_text=numbers.share_text,
        count_text=numbers.count_text,
        short_checkpoint=short_checkpoint,
        definition=definition,
        source=source,
        frame=FRAME,
        axis_titles=(X_TITLE, Y_TITLE),
        cost_box=COST_BOX,
        map_layout=module_map.LAYOUT,
        bar_layout=attribution_bars.LAYOUT,
        recovery_layout=recovery_picture.LAYOUT,
        scatter_layout=prediction_scatter.LAYOUT,
        shown_modules=SHOWN,
        cell_state=cell_state,
        amounts=tuple(AMOUNTS.values()),
        published_columns=published.columns,
        published_explanation=published.EXPLANATION,
        published_standing=published.standing,
        published_views=published.published_views,
    )
    return found


def template_text(name: str) -> str:
    """Return the text of a file in the templates folder."""
    return files("xdomain.report").joinpath("templates", name).read_text(encoding="utf-8")


def script_hash(script: str) -> str:
    """Return the hash of the script for the page's content policy, which blocks every other script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _without_control_characters(value: object) -> object:
    """Return text without control characters and direction marks, to be escaped afterwards; markup stays unchanged."""
    return plain(value, keep_lines=True) if isinstance(value, str) and not isinstance(value, Markup) else value
