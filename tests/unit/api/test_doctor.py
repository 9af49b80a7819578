"""What a machine has."""

from importlib.metadata import version

from xdomain.api.doctor import EXTRAS, examine_machine


def test_packages_and_extras_are_those_that_are_installed() -> None:
    found = examine_machine()
    assert found.packages["numpy"] == version("numpy")
    assert found.document()["extras"] == {extra: not found.missing[extra] for extra in EXTRAS}
    assert found.missing["train"] == ()
    assert found.sandbox
