"""Keys are validated where they are read, addresses hold none, and known secrets are masked."""

from __future__ import annotations

import pytest

from xdomain.core.errors import DependencyMissing
from xdomain.core.secrets import (
    SHORTEST,
    checked_address,
    checked_variable,
    is_secret,
    know_environment,
    know_variable,
    mask,
    masked,
    read_key,
)


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY", "a_token"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["HOME", "TOKENIZERS_PARALLELISM", "KEYBOARD", "XDOMAIN_STORE", "MONKEY"])
def test_other_names(name: str) -> None:
    assert not is_secret(name)


def test_a_secret_is_replaced_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TEST_API_KEY", "sk-test-0123456789")
    monkeypatch.setenv("ODDLY_NAMED", "odd-0123456789")
    know_environment()
    assert mask("key sk-test-0123456789, odd-0123456789") == "key $A_TEST_API_KEY, odd-0123456789"
    assert know_variable("ODDLY_NAMED") == "ODDLY_NAMED"
    assert mask("odd-0123456789") == "$ODDLY_NAMED"
    assert masked({"a": ["sk-test-0123456789", 1, None], "odd-0123456789": 0.5}) == {
        "a": ["$A_TEST_API_KEY", 1, None],
        "$ODDLY_NAMED": 0.5,
    }
    monkeypatch.delenv("ODDLY_NAMED")
    know_environment()
    assert mask("odd-0123456789") == "$ODDLY_NAMED"


def test_the_longer_of_two_secrets_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_TEST_TOKEN", "abcdefgh")
    monkeypatch.setenv("SECOND_TEST_TOKEN", "abcdefghijkl")
    know_environment()
    assert mask("abcdefghijkl abcdefgh") == "$SECOND_TEST_TOKEN $FIRST_TEST_TOKEN"


def test_short_values_and_paths_are_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("SHORT_TEST_KEY", "x" * (SHORTEST - 1))
    monkeypatch.setenv("PATH_TEST_KEY", str(tmp_path))
    know_environment()
    assert mask(f"{'x' * (SHORTEST - 1)} {tmp_path}") == f"{'x' * (SHORTEST - 1)} {tmp_path}"


def test_the_parts_of_a_broken_key_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-broken-012345\rsecond-half"
    monkeypatch.setenv("BROKEN_TEST_KEY", key)
    know_environment()
    assert mask(f"{key!r} {key}") == "'$BROKEN_TEST_KEY\\r$BROKEN_TEST_KEY' $BROKEN_TEST_KEY\r$BROKEN_TEST_KEY"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:pass@host/v1", "http://***@host/v1"),
        ("see 'https://token@host' and http://a/b@c", "see 'https://***@host' and http://a/b@c"),
        ("mail me@example.org", "mail me@example.org"),
    ],
)
def test_users_and_passwords_of_addresses_are_masked(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize("key", ["sk-read\n", "\r\nsk-read\r\n", " sk-read "])
def test_a_key_is_read_without_what_surrounds_it(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READ_TEST_KEY", key)
    assert read_key("READ_TEST_KEY", "here") == "sk-read"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "is not set"),
        (" \n", "is not set"),
        ("sk-one\rtwo", "holds a line break"),
        ("sk-one\n two", "holds a line break"),
        ("sk-\x1b[31m", "holds a line break, a control character"),
        ("sk-é", "holds a line break, a control character or a character beyond ASCII"),
    ],
)
def test_a_key_that_cannot_be_sent_is_refused_by_name(key: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUSED_TEST_KEY", key)
    with pytest.raises(DependencyMissing, match=f"REFUSED_TEST_KEY {words}") as caught:
        read_key("REFUSED_TEST_KEY", "here")
    assert "sk-" not in str(caught.value)


def test_addresses() -> None:
    assert checked_address(" http://localhost:8000/v1\n") == "http://localhost:8000/v1"
    assert checked_address("https://[::1]:8000/v1") == "https://[::1]:8000/v1"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://user:hunter2@host/v1", "no user or password"),
        ("https://hunter2@host/v1", "no user or password"),
        ("http://host/v1?key=hunter2", "no query"),
        ("ftp://hunter2/v1", "should be an address"),
        ("http://host\r/hunter2", "should be an address"),
        ("http://ho st/hunter2", "should be an address"),
        ("http://host/\x1b[31mhunter2", "should be an address"),
        ("http://user:hunter2", "should be an address"),
        ("http://[hunter2", "should be an address"),
        ("http:///hunter2", "should be an address"),
        ("hunter2", "should be an address"),
    ],
)
def test_an_address_that_holds_a_secret_or_is_none_is_refused_unseen(address: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        checked_address(address)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["sk-proj-0123", "A KEY", "", "9A"])
def test_a_key_in_place_of_its_variables_name_is_refused_unseen(name: str) -> None:
    with pytest.raises(ValueError, match="not the key itself") as caught:
        checked_variable(name)
    assert not name or name not in str(caught.value)
