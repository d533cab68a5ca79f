"""Many logins that come upon the same unknown host key: the operator is asked once, and a question that was given up keeps nobody waiting."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.kinds import exec_transport
from tests.contract.odd_server import OddServer
from tests.sshd import Operator, Sshd
from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError
from tshoot.transports.base import TargetBusy
from tshoot.transports.bounded import Deadline
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.ssh.host_key import HostKeyCheck


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    with Sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


class Slow(Operator):
    """Answers when `decide` is set; `asked_one` tells that somebody was asked."""

    def __init__(self, accept: bool = True) -> None:
        super().__init__(accept=accept)
        self.decide, self.asked_one = threading.Event(), threading.Event()

    def accept_host_key(self, key) -> bool:
        super().accept_host_key(key)
        self.asked_one.set()
        self.decide.wait(60)
        return self.accept


class Hop:
    """Stands for the connection to a hop that shows the key `blob`; `looks` counts how often it was asked whether it still stands."""

    def __init__(self, blob: bytes = b"key") -> None:
        self.blob, self.active, self.looks = blob, True, 0

    def get_remote_server_key(self):
        return self

    def get_name(self):
        return "ssh-ed25519"

    def asbytes(self):
        return self.blob

    def is_active(self):
        self.looks += 1
        return self.active


def check_of(sshd, file, operator, **changes) -> HostKeyCheck:
    settings = sshd.settings(known_hosts=(file,))
    return HostKeyCheck(HostSettings("bastion", "bastion", 22, "ops", **changes), settings, operator, Deadline(0.5))


def test_all_who_go_through_one_host_ask_once(sshd, tmp_path):
    operator, file = Slow(), tmp_path / "known_hosts"
    checks, hops = [check_of(sshd, file, operator) for _ in range(5)], [Hop() for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        under_way = [pool.submit(check.check, hop) for check, hop in zip(checks, hops, strict=True)]
        wait_until(lambda: sum(hop.looks > 0 for hop in hops) == 5, what="four that wait for the one")
        operator.decide.set()
        said = sorted(one.result(30) for one in under_way)
    assert len(operator.keys) == 1
    assert len(file.read_text().splitlines()) == 1
    assert ["unknown, accepted" in words for words in said] == [False, False, False, False, True]
    assert said[0].endswith(f"known ({file}:1)")


def test_another_key_of_the_same_host_is_then_a_changed_one(sshd, tmp_path):
    operator, file = Operator(accept=True), tmp_path / "known_hosts"
    first, second = check_of(sshd, file, operator), check_of(sshd, file, operator)
    first.check(Hop(b"its key"))
    with pytest.raises(TargetError, match="its host key has changed") as caught:
        second.check(Hop(b"an impostor's"))
    assert caught.value.kind == "host-key-changed"
    assert len(operator.keys) == 1


def test_who_was_cut_waits_for_nobodys_answer(sshd, tmp_path):
    operator, file = Slow(), tmp_path / "known_hosts"
    waiting = Hop()
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(check_of(sshd, file, operator).check, Hop())
        assert operator.asked_one.wait(30)
        cut = pool.submit(check_of(sshd, file, operator).check, waiting)
        wait_until(lambda: waiting.looks, what="the second one's turn to wait")
        waiting.active = False
        with pytest.raises(TargetBusy, match="the connection was lost while its host key waited"):
            cut.result(30)
        operator.decide.set()
        asking.result(30)
    assert len(operator.keys) == 1, "nobody is asked for a login that was given up"


def test_a_server_that_hangs_up_meanwhile_was_not_logged_in_to(tmp_path):
    """So it may be tried again: by then its key is known."""

    class Late(Operator):
        def accept_host_key(self, key) -> bool:
            server.transports[0].close()
            client = transport._link._attempt._held[-1]
            wait_until(lambda: not client.is_active(), what="the end of the connection")
            return super().accept_host_key(key)

    with OddServer(tmp_path / "odd") as server:
        transport = exec_transport(server, Late(accept=True), known_hosts=(tmp_path / "known_hosts",))
        with pytest.raises(TargetBusy, match="closed the connection before the login"):
            transport.connect(CancelToken())
        again = exec_transport(server, known_hosts=(tmp_path / "known_hosts",))
        again.connect(CancelToken())
        again.close()


def test_a_question_that_a_cancelled_login_left_open_holds_up_no_other(sshd, tmp_path):
    absent, present, cancel = Slow(), Operator(accept=True), CancelToken()
    known = (tmp_path / "known_hosts",)
    left = exec_transport(sshd, absent, known_hosts=known)
    threading.Thread(target=lambda: (absent.asked_one.wait(30), cancel.cancel())).start()
    with pytest.raises(Cancelled):
        left.connect(cancel)
    other = exec_transport(sshd, present, known_hosts=known)
    other.connect(CancelToken())
    other.close()
    absent.decide.set()
    left.close()
    assert (len(absent.keys), len(present.keys)) == (1, 1)
