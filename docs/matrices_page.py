"""Write the list of matrices from their templates; `generate.py` calls it."""

from __future__ import annotations

from collections.abc import Iterator

from xdomain.analysis.estimands import in_reading_order, own_estimands

HEAD = """# Matrices of a report

Generated from the estimands in `xdomain/analysis/estimands` by `make docs`. `R[c, d]` is the accuracy of checkpoint
`c` on domain `d`; [what is measured](../explanation/what-is-measured.md) explains the choices behind these
definitions, and [statistics](../explanation/statistics.md) explains how intervals are computed.

Columns are the evaluated domains, unless a definition says otherwise. `name` is the key under `matrices` in the JSON.
"""
SECTIONS = {
    "accuracy": "Accuracy",
    "main": "In every format",
    "further": "In the appendix",
}


def matrices_page() -> str:
    return "\n".join([HEAD, *matrices()])


def matrices() -> Iterator[str]:
    """Yield each matrix under its section, in the order of a report; pass@k once."""
    seen: set[str] = set()
    found = in_reading_order(own_estimands())
    for section, title in SECTIONS.items():
        yield f"## {title}\n"
        for template in (each.template for each in found if each.template.section == section):
            name = "pass_at_k" if template.name.startswith("pass_at_") else template.name
            if name in seen:
                continue
            seen.add(name)
            heading = "pass@k" if name == "pass_at_k" else template.title
            definition = template.definition
            if name == "pass_at_k":
                definition = definition.replace("one of 2 samples", "one of k samples").replace(", 2)", ", k)")
            yield f"### {heading}\n\n- Name: `{name}`\n- Definition: {definition}\n- Source: {template.source}\n"
