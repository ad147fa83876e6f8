"""Where the key and the address come from, and what is said where there is none."""

import pytest

from astuner_nb.core.errors import AccessDenied, BadValue
from astuner_nb.trackers.wandb.account import found_account

KEY = "a1" * 20
HERE = "https://api.forge.coreweave.com"


@pytest.fixture(autouse=True)
def netrc(tmp_path, monkeypatch):
    """An empty environment, and the path of a netrc file that is not there yet."""
    for name in ("WANDB_API_KEY", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path / "netrc"


def test_the_variable_comes_before_the_file_before_the_settings(netrc, monkeypatch):
    assert found_account(HERE, "s1" * 20).key == "s1" * 20
    netrc.write_text(f"machine api.forge.coreweave.com\n  login user\n  password {'f1' * 20}\n")
    assert found_account(HERE, "s1" * 20).key == "f1" * 20
    monkeypatch.setenv("WANDB_API_KEY", f" {KEY}\n")
    assert found_account(HERE, "s1" * 20).key == KEY


@pytest.mark.parametrize(
    ("url", "machine"),
    [
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://wandb.example.com", "wandb.example.com"),
        (HERE, "api.wandb.ai"),
        ("https://api.wandb.ai", "api.wandb.ai"),
    ],
)
def test_the_entry_of_the_host(netrc, monkeypatch, url, machine):
    monkeypatch.setenv("WANDB_BASE_URL", url)
    netrc.write_text(f"machine elsewhere login user password {'0' * 40}\nmachine {machine} login user password {KEY}\n")
    account = found_account(HERE)
    assert (account.url, account.key, account.host) == (url.rstrip("/"), KEY, url.split("/")[2])
    assert str(netrc) in account.found_in


def test_a_key_of_the_settings_is_for_their_host_alone(monkeypatch):
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.com")
    with pytest.raises(AccessDenied, match=r"no API key for wandb\.example\.com"):
        found_account(HERE, KEY)
    assert found_account("https://wandb.example.com/", KEY).key == KEY


def test_a_key_is_never_shown():
    assert KEY not in repr(found_account(HERE, KEY))


@pytest.mark.parametrize("key", ["short", "local-" + "a" * 39, "a" * 39 + "é!", "a" * 30 + " " + "b" * 30])
def test_what_cannot_be_a_key_is_refused_without_being_told(monkeypatch, key):
    monkeypatch.setenv("WANDB_API_KEY", key)
    with pytest.raises(AccessDenied, match="The API key in WANDB_API_KEY is none") as error:
        found_account(HERE)
    assert key not in str(error.value)


@pytest.mark.parametrize("key", ["a" * 40, "wandb_v1_" + "b" * 77, "local-" + "a" * 40, "ey-J.a_b.c9"])
def test_what_may_be_a_key(monkeypatch, key):
    monkeypatch.setenv("WANDB_API_KEY", key)
    assert found_account(HERE).key == key


@pytest.mark.parametrize("text", ["machine", f"machine x login y passwort {KEY}", "\xff\xfe"])
def test_a_netrc_file_that_cannot_be_read(netrc, text):
    netrc.write_bytes(text.encode("latin-1"))
    with pytest.raises(AccessDenied, match="cannot be read") as error:
        found_account(HERE)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("url", ["wandb.example.com", "ftp://x", "https://", "file:///etc/passwd"])
def test_an_address_that_is_none(monkeypatch, url):
    monkeypatch.setenv("WANDB_BASE_URL", url)
    with pytest.raises(BadValue, match="WANDB_BASE_URL"):
        found_account(HERE, KEY)
