"""The matrices of a report, one module each.

A module of this package defines `ESTIMANDS`: a single matrix, or several of the same form. They are listed nowhere
else. Another installed package adds a matrix through the entry point group `xdomain.estimands` (`name =
"package.module:ESTIMAND"`), and an experiment includes it by naming it under `analysis.estimands`.

A module here imports numpy, pandas, scipy or statsmodels inside functions only, see `xdomain.analysis.estimand`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from functools import cache

from xdomain.analysis.estimand import Estimand
from xdomain.core.errors import PluginError
from xdomain.core.registry import Registry, load_attribute

SECTIONS = ("accuracy", "main", "further")
"""Sections in the order of a report."""
REGISTRY = Registry("estimand", {}, "xdomain.estimands")
"""Matrices of other installed packages."""


@cache
def own_estimands() -> tuple[Estimand, ...]:
    """Return the matrices of this package, in reading order."""
    modules = [module.name for module in pkgutil.iter_modules(__path__)]
    return in_reading_order(each for name in modules for each in load_attribute(f"{__name__}.{name}:ESTIMANDS"))


def estimands(names: Iterable[str] = ()) -> dict[str, Estimand]:
    """Return the matrices of a report by name, in reading order.

    Args:
        names: Matrices of other packages to add to those of this package.

    Raises:
        PluginError: A name is unknown, or its entry point is not an estimand of that name.
    """
    own = {estimand.name: estimand for estimand in own_estimands()}
    added = [load_estimand(name) for name in dict.fromkeys(names) if name not in own]
    return {estimand.name: estimand for estimand in in_reading_order([*own.values(), *added])}


def load_estimand(name: str) -> Estimand:
    """Load a matrix of another package.

    Raises:
        PluginError: See `estimands`.
    """
    if name not in REGISTRY.targets():
        own = {estimand.name: "" for estimand in own_estimands()}
        Registry("estimand", own, REGISTRY.group).check(name, where="analysis.estimands")
    found = REGISTRY.load(name, where="analysis.estimands")
    if not isinstance(found, Estimand) or found.name != name:
        what = f'the estimand "{found.name}"' if isinstance(found, Estimand) else f"a {type(found).__name__}"
        raise PluginError(
            f'the entry point "{name}" of {REGISTRY.group} leads to {what}.',
            fix=f'It should lead to an `Estimand` whose template is named "{name}".',
        )
    return found


def in_reading_order(found: Iterable[Estimand]) -> tuple[Estimand, ...]:
    """Sort matrices by section, then by rank, then by name."""
    return tuple(sorted(found, key=lambda each: (SECTIONS.index(each.template.section), each.rank, each.name)))
