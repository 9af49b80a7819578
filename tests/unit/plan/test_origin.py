from __future__ import annotations

from xdomain.plan.origin import NO_FILE, Origin, options_text


def test_options_can_be_pasted_into_a_shell() -> None:
    assert options_text(["training.steps=20", "seeds=[0, 1]"]) == "--set training.steps=20 --set 'seeds=[0, 1]'"
    assert options_text([]) == ""


def test_a_note_is_described_but_tells_no_origins_apart() -> None:
    plain, noted = Origin("a", "digest", ("x=1",)), Origin("a", "digest", ("x=1",), note="As before.")
    assert plain == noted
    assert noted.description == {"settings": ["x=1"], "settings_note": "As before."}
    assert NO_FILE.description == {}
