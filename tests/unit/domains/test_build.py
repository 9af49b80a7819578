"""From a name or a description to a domain."""

from __future__ import annotations

import pytest

from xdomain.core.errors import PluginError
from xdomain.domains.build import build_domain, build_domains
from xdomain.domains.builtin import MATH
from xdomain.domains.data_domain import DataDomain


def test_a_name_and_a_description_make_the_same_domain() -> None:
    one, other = build_domain("math"), build_domain(MATH)
    assert isinstance(one, DataDomain)
    assert one.item_identity() == other.item_identity()


def test_an_unknown_name_is_met_with_the_nearest() -> None:
    with pytest.raises(PluginError, match=r'unknown domain "mth"\. Did you mean "math"\?'):
        build_domain("mth")


def test_a_description_goes_before_a_registered_name() -> None:
    described = MATH.model_copy(update={"stop": ("\n",)})
    made = build_domains(["logic", described], ["math", "puzzle"])
    assert made["math"].stop == ("\n",)
    assert list(made) == ["math", "puzzle"]
