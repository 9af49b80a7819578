"""Which sandbox this machine has."""

from __future__ import annotations

import pytest

from xdomain.core.errors import DependencyMissing
from xdomain.domains.sandbox import choose
from xdomain.domains.sandbox.plain import Unsandboxed


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(choose, "working_sandbox", choose.working_sandbox.__wrapped__)  # asked anew


@pytest.mark.usefixtures("without_bubblewrap")
def test_without_one_code_runs_only_where_that_was_allowed() -> None:
    with pytest.raises(DependencyMissing, match="apt install bubblewrap"):
        choose.find_sandbox(allow_unsandboxed=False)
    assert isinstance(choose.find_sandbox(allow_unsandboxed=True), Unsandboxed)
    assert choose.describe_sandbox() == "none: domains with unit tests are refused"


def test_the_one_that_works_here() -> None:
    found = choose.working_sandbox()
    if found is None:
        pytest.skip("no working bubblewrap on this machine")
    assert found.isolated
    assert choose.find_sandbox(allow_unsandboxed=True) is found
    assert choose.describe_sandbox() == "bubblewrap, works"
