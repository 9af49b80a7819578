"""Parameters of this package's plugins: imported with every file that names one, so nothing heavy is imported here."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xdomain.config.plugin import PluginParameters


class NumbersParameters(PluginParameters):
    highest: int = Field(3999, ge=50, le=3999)


class NumeralParameters(PluginParameters):
    share_of_letters: bool = False
    """A wrong numeral earns the share of its letters that are right."""


class ConsulsParameters(PluginParameters):
    """The domains take turns: each step follows one of them alone."""

    version: ClassVar[int] = 2

    years: int = Field(1, ge=1)
    """Steps in a row that one domain rules."""


class LegionaryParameters(PluginParameters):
    taught: int = Field(10, ge=0)
    """The numbers up to this one are answered."""
