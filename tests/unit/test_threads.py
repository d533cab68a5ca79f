"""Work that is done aside: by a thread that is there already, side by side where it must be, and without a thread left over."""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue

import pytest

from tests.waiting import wait_until
from tshoot.threads import aside

_PATIENCE = 10.0


def spare() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "tshoot spare"}


def done_in() -> SimpleQueue[threading.Thread]:
    came: SimpleQueue[threading.Thread] = SimpleQueue()
    aside(lambda: came.put(threading.current_thread()), "tshoot at work")
    return came


def test_a_thread_that_became_free_is_used_again_and_none_is_left_over() -> None:
    first = done_in().get(timeout=_PATIENCE)
    assert first is not threading.current_thread() and first.daemon
    wait_until(lambda: first in spare(), what="its return")
    assert done_in().get(timeout=_PATIENCE) is first
    wait_until(lambda: not first.is_alive(), what="its end")
    assert done_in().get(timeout=_PATIENCE) is not first


def test_what_waits_for_other_work_does_not_wait_for_its_thread() -> None:
    """As many as there are, each waits for all the others."""
    together, came = threading.Barrier(40), SimpleQueue[str]()
    for number in range(40):
        aside(lambda: came.put(f"{together.wait(_PATIENCE)} {threading.current_thread().name}"), f"tshoot {number}")
    assert {came.get(timeout=_PATIENCE).split(" ", 1)[1] for _ in range(40)} == {f"tshoot {number}" for number in range(40)}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_work_raises_ends_its_thread_and_no_other_work() -> None:
    ended = SimpleQueue[threading.Thread]()

    def failing() -> None:
        ended.put(threading.current_thread())
        raise ZeroDivisionError

    aside(failing, "tshoot fails")
    failed = ended.get(timeout=_PATIENCE)
    wait_until(lambda: not failed.is_alive(), what="its end")
    assert done_in().get(timeout=_PATIENCE) is not failed


def test_a_forked_process_has_threads_of_its_own() -> None:
    done_in().get(timeout=_PATIENCE)
    wait_until(spare, what="a thread that is free")
    child = os.fork()
    if child == 0:
        try:
            done_in().get(timeout=_PATIENCE)
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
