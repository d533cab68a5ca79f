"""Servers that say what no SSH library expects, each told in words: letters that are no UTF-8, keys that are none, refusals side by side."""

from __future__ import annotations

import io
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import paramiko
import pytest

from tests.contract.kinds import exec_transport
from tests.contract.odd_server import Manners, OddServer, _Interface
from tests.sshd import Operator
from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.transports.bounded import Deadline
from tshoot.transports.login.credentials import Credentials
from tshoot.transports.ssh.channel import open_channel
from tshoot.transports.ssh.client import HopClient


def test_a_prompt_in_latin_1_is_asked(tmp_path):
    prompt = "Kennwort für diese Anlage, Password: ".encode("latin-1")
    manners = Manners(methods="keyboard-interactive", rounds=[("Grüße".encode("latin-1"), b"", [(prompt, False)])], answers=[["s3cret"]])
    with OddServer(tmp_path / "odd", manners) as server:
        operator = Operator(answers={"Password": "s3cret"})
        transport = exec_transport(server, operator)
        transport.connect(CancelToken())
        transport.close()
        assert [asked for asked, _, _ in operator.asked] == ["Gr\ufffd\ufffde Kennwort f\ufffdr diese Anlage, Password: "]


class NoKey(paramiko.Ed25519Key):
    """A host key of three bytes."""

    def asbytes(self):
        message = paramiko.Message()
        message.add_string("ssh-ed25519")
        message.add_string(b"abc")
        return message.asbytes()


def test_a_host_key_that_is_none(tmp_path):
    with OddServer(tmp_path / "odd") as server:
        server._host_key = NoKey.from_private_key_file(str(server.folder / "host_ed25519"))
        with pytest.raises(TargetError) as caught:
            exec_transport(server, Operator(accept=True)).connect(CancelToken())
    assert caught.value.kind == "closed"
    assert caught.value.message.endswith("the key exchange failed: what the server sent cannot be understood (ValueError)")


def test_a_password_that_is_answered_with_nonsense_counts_as_tried(tmp_path, monkeypatch):
    def answer(self, username, password):
        self.server.attempts.append("password")
        unknown = paramiko.Message()
        unknown.add_byte(bytes([200]))  # no message of any document
        self.transport._send_message(unknown)
        return paramiko.AUTH_FAILED

    monkeypatch.setattr(_Interface, "check_auth_password", answer)
    credentials, operator = Credentials(), Operator(answers={"Password": "s3cret"})
    with OddServer(tmp_path / "odd", Manners(methods="password")) as server:
        for _ in range(2):
            with pytest.raises(TargetError) as caught:
                exec_transport(server, operator, credentials=credentials).connect(CancelToken())
            assert caught.value.kind == "auth-rejected"
            assert "the login broke off: what the server sent cannot be understood (KeyError)" in caught.value.message
        assert server.attempts == ["password", "password"]
    assert operator.asked[1][0].endswith("rejected the last one) ")


def test_more_questions_than_are_sent_are_not_waited_for(tmp_path, monkeypatch):
    def ask(self, username, submethods):
        endless = paramiko.Message()
        endless.add_byte(bytes([60]))  # SSH_MSG_USERAUTH_INFO_REQUEST
        for said in ("", "", "", 0xFFFF_FFFF):
            endless.add_int(said) if said else endless.add_string(said)
        self.transport._send_message(endless)
        return paramiko.AUTH_FAILED

    monkeypatch.setattr(_Interface, "check_auth_interactive", ask)
    with OddServer(tmp_path / "odd", Manners(methods="keyboard-interactive")) as server, pytest.raises(TargetError) as caught:
        exec_transport(server).connect(CancelToken())
    assert caught.value.kind == "auth-rejected"
    assert "the login broke off: the server announces more questions than it sends" in caught.value.message


@pytest.mark.parametrize("said", [b"\0\0\0\1\2", b"\0\0\0\5\x65\0\0\0\3", b"\0\0\0\0"], ids=["short", "no-version", "empty"])
def test_an_sftp_that_cannot_be_understood_is_left_for_cat(tmp_path, monkeypatch, said):
    monkeypatch.setattr(_Interface, "check_channel_subsystem_request", lambda self, channel, name: channel.sendall(said) or True, raising=False)
    (tmp_path / "file").write_bytes(b"its bytes")
    with OddServer(tmp_path / "odd") as server:
        transport, into = exec_transport(server), io.BytesIO()
        assert transport.fetch(str(tmp_path / "file"), into, cancel=CancelToken()) == 9
        transport.close()
    assert into.getvalue() == b"its bytes"


# --- channels ------------------------------------------------------------------------------------------


def test_channels_that_are_refused_side_by_side_each_say_so(tmp_path):
    with OddServer(tmp_path / "odd", Manners(open_channels="refuse")) as server:
        transport = exec_transport(server, channel_timeout=2.0)
        transport.connect(CancelToken())

        def said(_: int) -> str:
            with pytest.raises(TargetError) as caught:
                transport.run("true", timeout=60, cancel=CancelToken())
            return caught.value.message

        with ThreadPoolExecutor(4) as pool:
            messages = set(pool.map(said, range(12)))
        transport.close()
    assert messages == {f"{server.host}: refused another session for `true`: Administratively prohibited"}


def refusal(number: int, code: int, said: bytes) -> paramiko.Message:
    message = paramiko.Message()
    message.add_int(number)
    message.add_int(code)
    message.add_string(said)
    message.add_string("")
    message.rewind()
    return message


def test_each_refusal_is_kept_for_the_channel_that_was_asked_for():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = HopClient(ours)
        waiting = {number: threading.Event() for number in (1, 2, 3)}
        client.channel_events.update(waiting)
        for number, code, said in ((2, 4, b"full \x1b[31mup\xfc"), (1, 1, b""), (3, 99, b""), (7, 1, b"nobody asked for it")):
            client._parse_channel_open_failure(refusal(number, code, said))
        assert all(event.is_set() for event in waiting.values())
        assert {number: (one.code, one.text) for number, one in client.refused.items()} == {
            2: (4, "full up\ufffd"),
            1: (1, "Administratively prohibited"),
            3: (99, "no reason given"),
        }


def test_two_that_are_refused_at_once_are_told_their_own_reasons():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client, asked = HopClient(ours), []
        client.active = True
        client.clear_to_send.set()

        def send(request: paramiko.Message) -> None:
            request.rewind()
            request.get_byte(), request.get_text()
            asked.append(request.get_int())
            if len(asked) == 2:
                for number in asked:
                    client._parse_channel_open_failure(refusal(number, 1, b"no channel %d" % number))

        client._send_user_message = send

        def said(_: int) -> str:
            with pytest.raises(paramiko.ChannelException) as caught:
                open_channel(client, Deadline(20), CancelToken(), patient=False)
            return caught.value.text

        with ThreadPoolExecutor(2) as pool:
            assert set(pool.map(said, range(2))) == {f"no channel {number}" for number in asked}
        assert client.refused == {}


# --- before the greeting ---------------------------------------------------------------------------------


def says(sock: socket.socket, text: bytes) -> None:
    with sock:
        sock.sendall(text)


def test_text_and_then_the_end_is_told_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener, OddServer(tmp_path / "odd") as server:
        answering = threading.Thread(target=lambda: says(listener.accept()[0], b"You may not enter from here\r\n"))
        answering.start()
        started = time.monotonic()
        with pytest.raises(TargetError) as caught:
            exec_transport(server, host=f"127.0.0.1:{listener.getsockname()[1]}", connect_timeout=30).connect(CancelToken())
        assert time.monotonic() - started < 10
        answering.join()
    assert caught.value.kind == "unreachable"
    assert caught.value.message.endswith("answers, but not with SSH; it says `You may not enter from here`")
