"""Look up the quantities of gates and contrasts by name; `config.analysis` parses how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xdomain.analysis.estimand import Address
from xdomain.analysis.estimands import REGISTRY, estimands, load_estimand, own_estimands
from xdomain.config.analysis import AnalysisConfig, Condition, Quantity, parse_condition, parse_quantity
from xdomain.config.written import Written
from xdomain.core.errors import ConfigError
from xdomain.core.registry import suggestion

MEANS = ("mean_diagonal_transfer", "mean_cross_transfer", "mean_retention", "mean_plasticity")
"""Fields of `Summary` that are quantities without a run."""

Found = tuple[str | None, Address]
"""Name of the matrix (None for a mean of the summary), and how its cells are named."""


def check_analysis(config: AnalysisConfig, written: Written) -> None:
    """Check the names in the `analysis` section of an experiment.

    Args:
        written: Origin of the experiment.

    Raises:
        ConfigError: A contrast names no known quantity, has the wrong arguments, or cannot be tested.
        PluginError: An estimand is unknown.
    """
    if config.estimands:
        estimands(config.estimands)
    for index, contrast in enumerate(config.contrasts):
        try:
            checked_contrast(contrast)
        except ConfigError as error:
            written.note(("analysis", "contrasts", index), error.what, error.fix)
    written.refuse()


def read_quantity(text: str) -> Quantity:
    """Parse "order(math, science) on science" and check its name and arguments.

    Raises:
        ConfigError: The text cannot be read; the message names the wrong part.
    """
    return checked(parse_quantity(text))


def read_condition(text: str) -> Condition:
    """Parse "retention(math -> science) < -0.05" and check the name and arguments of its quantity.

    Raises:
        ConfigError: The text cannot be read; the message names the wrong part.
    """
    condition = parse_condition(text)
    return replace(condition, quantity=checked(condition.quantity))


def checked_contrast(quantity: Quantity) -> Quantity:
    """Return the quantity by its canonical name, if it can be tested.

    Raises:
        ConfigError: See `checked`; or no value of the quantity means "no effect".
    """
    found = checked(quantity)
    if not address_of(found)[1].tested:
        raise ConfigError(
            f'"{found}" cannot be a contrast: {found.name} has no value that means "no effect".',
            fix='Declare a difference, "change(math) on science".',
        )
    return found


def checked(quantity: Quantity) -> Quantity:
    """Return the quantity by its canonical name.

    Raises:
        ConfigError: No quantity has this name, or it takes other arguments.
    """
    _, address = address_of(quantity)
    found = replace(quantity, name=address.name)
    if len(quantity.runs) not in address.runs:
        wanted = " or ".join(str(n) for n in address.runs)
        raise ConfigError(
            f'"{found}": {found.name} takes {wanted} curricula. Found {len(quantity.runs)}.',
            fix="Separate them with commas.",
        )
    if address.domain is True and quantity.domain is None:
        raise ConfigError(f'"{found}" should name the evaluated domain.', fix=f'Write "{found} on <domain>".')
    if address.domain is False and quantity.domain is not None:
        raise ConfigError(f'"{found}": {found.name} takes no evaluated domain.', fix='Remove the "on".')
    return found


def address_of(quantity: Quantity) -> Found:
    """Return the matrix that holds a quantity, and how its cells are named.

    The name of a matrix that answers one quantity also names that quantity ("order_effect" for "order").

    Raises:
        ConfigError: No quantity has this name.
    """
    own = dict(_addresses())
    if quantity.name not in own and quantity.name in REGISTRY.targets():
        plugin = load_estimand(quantity.name)
        own |= {address.name: (plugin.name, address) for address in plugin.addresses}
    if quantity.name not in own:
        known = dict.fromkeys(address.name for _, address in own.values())
        raise ConfigError(f'"{quantity}": unknown quantity "{quantity.name}".{suggestion(quantity.name, known)}')
    return own[quantity.name]


def _addresses() -> Iterator[tuple[str, Found]]:
    for estimand in own_estimands():
        yield from ((address.name, (estimand.name, address)) for address in estimand.addresses)
        if len(estimand.addresses) == 1:
            yield estimand.name, (estimand.name, estimand.addresses[0])
    yield from ((name, (None, Address(name, (0,), domain=False))) for name in MEANS)
