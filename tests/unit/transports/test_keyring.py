"""The system's keyring and `tshoot credentials`, with the library's own interface and a keyring in memory."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from jsonschema import Draft202012Validator
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked, PasswordDeleteError

from tshoot.cli.credentials import kept_name
from tshoot.cli.main import run_words
from tshoot.errors import MissingProgram, UsageError
from tshoot.transports.login import keyring as ours
from tshoot.transports.login.credentials import Account, Credentials
from tshoot.transports.login.keyring import SystemKeyring


class InMemory(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        return self.secrets.get((service, username))

    def set_password(self, service, username, password):
        self.secrets[service, username] = password

    def delete_password(self, service, username):
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError("none")


class Locked(InMemory):
    def get_password(self, service, username):
        raise KeyringLocked("the secret is Hunter2!")

    set_password = get_password


class PlaintextKeyring(InMemory):
    pass


@pytest.fixture
def memory() -> Iterator[InMemory]:
    before = keyring.get_keyring()
    backend = InMemory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


class Nobody:
    asked = 0

    def secret(self, prompt, host, echo):
        Nobody.asked += 1

    def agree(self, question, why):
        return False


def test_what_was_kept_is_listed_by_name_read_and_forgotten(memory):
    ours_, names = SystemKeyring(), ("root@esx01", "admin@@core")
    for name in names:
        ours_.keep(name, f"of {name}")
    assert ours_.names() == ("admin@@core", "root@esx01")
    assert [ours_.get(name) for name in names] == ["of root@esx01", "of admin@@core"]
    assert {service for service, _ in memory.secrets} == {"tshoot"}
    assert ours_.forget("root@esx01") is True
    assert ours_.forget("root@esx01") is False
    assert (ours_.names(), ours_.get("root@esx01")) == (("admin@@core",), None)


def test_what_another_program_put_under_our_service_is_read(memory):
    keyring.set_password("tshoot", "root@esx01", "from elsewhere")
    credentials = Credentials(SystemKeyring())
    assert credentials.answer("Password: ", Account("root", "esx01"), False, Nobody()) == "from elsewhere"
    assert Nobody.asked == 0
    assert set(memory.secrets) == {("tshoot", "root@esx01")}, "nothing is kept unasked"


@pytest.mark.parametrize("backend", [fail.Keyring(), null.Keyring(), PlaintextKeyring(), Locked()], ids=lambda one: type(one).__module__)
def test_a_keyring_that_cannot_be_used_says_why_and_a_login_goes_on(memory, backend):
    keyring.set_keyring(backend)
    assert SystemKeyring().get("root@esx01") is None
    for act in (SystemKeyring().names, lambda: SystemKeyring().keep("root@esx01", "Hunter2!"), lambda: SystemKeyring().forget("root@esx01")):
        with pytest.raises(UsageError) as caught:
            act()
        assert "Hunter2!" not in caught.value.message + caught.value.hint
        assert caught.value.hint


def test_a_keyring_that_never_answers_has_an_end(memory, monkeypatch):
    gone = threading.Event()
    monkeypatch.setattr(memory, "get_password", lambda *_: gone.wait(30))
    monkeypatch.setattr(ours, "_PATIENCE", 0.2)
    one = SystemKeyring()
    assert one.get("root@esx01") is None
    started = time.monotonic()
    assert [one.get(f"root@esx{n}") for n in range(100)] == [None] * 100
    assert time.monotonic() - started < 10, "once is enough"
    with pytest.raises(UsageError, match="did not answer"):
        one.names()
    gone.set()


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert SystemKeyring().get("root@esx01") is None
    with pytest.raises(MissingProgram, match="not installed"):
        SystemKeyring().names()


@pytest.mark.parametrize("content", ["", "{", "[1, null]", "{}", "null"])
def test_a_broken_list_of_names_is_an_empty_one(memory, content):
    memory.secrets["tshoot", "names kept by tshoot"] = content
    assert SystemKeyring().names() == ()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("root@esx01", "root@esx01"),
        ("root@esx01:22", "root@esx01"),
        ("root@esx01:2222", "root@esx01:2222"),
        ("root@[2001:db8::1]:22", "root@2001:db8::1"),
        ("root@@esx-prod", "root@@esx-prod"),
    ],
)
def test_names(typed, name):
    assert kept_name(typed) == name


@pytest.mark.parametrize("typed", ["esx01", "@esx", "root@", "root:pw@esx", "root@@", "root@@a@b", "names kept by tshoot", "-x@y", "root@a b", ""])
def test_what_is_no_name(typed):
    with pytest.raises(UsageError):
        kept_name(typed)


def test_the_verb_never_shows_a_secret(memory, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hunter2!\nsecond line\n"))
    assert run_words(["credentials", "set", "root@esx01"]) == 0
    assert memory.secrets["tshoot", "root@esx01"] == "Hunter2!"
    assert run_words(["credentials", "list"]) == 0
    assert run_words(["credentials", "list", "--json"]) == 0
    assert run_words(["credentials", "forget", "root@esx01"]) == 0
    assert run_words(["credentials", "forget", "root@esx01"]) == 1
    said = capsys.readouterr()
    document = json.loads("\n".join(said.out.splitlines()[2:-2]))
    assert document == {"schema": 1, "credentials": ["root@esx01"]}
    schema = json.loads((Path(__file__).parents[3] / "docs" / "json.schema.json").read_text())
    Draft202012Validator(schema).validate(document)
    assert "Hunter2!" not in said.out + said.err
    assert said.out.splitlines()[1] == "root@esx01"


def test_the_verb_without_a_password(memory, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run_words(["credentials", "set", "root@esx01"]) == 2
    assert memory.secrets == {}
    assert "pipe the password" in capsys.readouterr().err
