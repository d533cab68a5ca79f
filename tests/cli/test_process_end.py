"""The end of the process: what was printed is out, what is to be swept up is, and a thread that was given up does not go through the interpreter's end."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys, threading
import tshoot.cli.main
from tshoot.__main__ import run

class Last:
    def __del__(self):
        print("the interpreter's end")

last = Last()

def run_words(words):
    atexit.register(print, "swept up")
    if words:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    print("told")
    return 3

tshoot.cli.main.run_words = run_words
run()
"""


@pytest.mark.parametrize(("words", "told"), [((), "told\nswept up\nthe interpreter's end\n"), (("given-up",), "told\nswept up\n")])
def test_what_was_told_is_out_and_the_status_stays(words: tuple[str, ...], told: str) -> None:
    got = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True)
    assert (got.returncode, got.stdout, got.stderr) == (3, told, "")
