"""The dialogue with a command line: whatever the pieces and pauses in which a device prints, its output comes out whole and the end is found."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tshoot.transports.cli.dialogue import ENTER, Dialogue
from tshoot.transports.cli.prompt import PromptShape, plain

LOG = b"*Nov 21 07:00:01.123: %SYS-5-CONFIG_I: Configured from console # >\r\n"
MORE = b" --More-- "
ERASED = b"\x08" * 10 + b" " * 10 + b"\x08" * 10


class Device:
    """Prints `script`, waiting for a key after each MORE, then the prompt; each empty line typed gives one more prompt."""

    def __init__(self, script: list[bytes], prompt: bytes) -> None:
        self.script, self.prompt = [*script, prompt], prompt
        self.typed = b""
        self.asks = False

    def next(self) -> bytes:
        """The next piece; empty when nothing is to be said before a key is typed."""
        if self.asks or not self.script:
            if not self.typed:
                return b""
            self.typed = self.typed[1:]
            said, self.asks = (ERASED, False) if self.asks else (b"\r\n" + self.prompt, False)
            return said
        said = self.script.pop(0)
        self.asks = said is MORE
        return said


def converse(
    script: list[bytes], cuts: list[int], pauses: list[float], command: str = "show x", limit: int = 10**6, prompt: bytes = b"R1#", base: str = ""
):
    """The dialogue after it ended; `cuts` are the sizes of the pieces in which bytes arrive, `pauses` the seconds between them, both used in turn."""
    device, now, streamed = Device(script, prompt), 0.0, bytearray()
    dialogue = Dialogue(command, PromptShape(base or prompt.decode()[:-1]), limit=limit, on_output=streamed.extend, now=now)
    waiting = b""
    for turn in range(200_000):
        waiting = waiting or device.next()
        size = cuts[turn % len(cuts)]
        piece, waiting = waiting[:size], waiting[size:]
        if piece:
            dialogue.take(piece, now)
        now += pauses[turn % len(pauses)] if piece else 0.05
        device.typed += dialogue.answer(now)
        if dialogue.ended:
            assert not streamed or bytes(streamed).startswith(dialogue.output()) or dialogue.output() == bytes(streamed)
            return dialogue
    raise AssertionError(f"no end was found; so far {dialogue.output()!r}")


ECHO = b"show x\r\n"
OUTPUTS = {
    "lines": b"one\r\n  two\r\n\r\nthree\r\n",
    "nothing": b"",
    "prompt-in-a-line": b"R1#\r\nR1#show run\r\nR1# is up\r\nx R1#\r\nfictive #\r\n>\r\n#\r\n",
    "log": b"one\r\n" + LOG + b"two\r\n\r\n" + LOG,
    "bytes": b"\xff\x00\x1b[31mred\x1b[0m\x08\r\n",
    "bare-newlines": b"one\n\ntwo\n",
    "the-command": b"show x\r\nR1#show x\r\n",
    "looks-like-a-pager": b"say --More-- to the pager\r\n",
    "long-line": b"y" * 20_000 + b"\r\n",
}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize(("cut", "pause"), [(1, 0.001), (1, 0.05), (7, 0.0), (100_000, 0.0)], ids=["drip", "slow-drip", "pieces", "at-once"])
def test_the_output_is_whole(name, cut, pause):
    if cut == 1 and len(OUTPUTS[name]) > 5000:
        cut = 50
    dialogue = converse([ECHO, OUTPUTS[name]], [cut], [pause])
    assert dialogue.output() == OUTPUTS[name]
    assert not dialogue.truncated


PIECES = st.sampled_from([b"R1#", b"R1", b"#", b"show x", b"\r\n", b"\r\n", b"word ", b"R1#\r\n", b"\xff", b"--", b"\r\nR1#\r\n", LOG])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PIECES, max_size=12).map(b"".join),
    st.lists(st.integers(1, 40), min_size=1),
    st.lists(st.sampled_from([0.0, 0.01, 0.04, 0.2]), min_size=1),
)
def test_any_output_in_any_pieces(output, cuts, pauses):
    output += b"\r\n"
    assume(max(pauses) <= 0.01 or not re.search(rb"R1#(\r\n)+R1#", output + b"R1#"))  # which, with pauses, is what a device answers at its end
    assert converse([ECHO, output], cuts, pauses).output() == output


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 5), st.lists(st.integers(1, 40), min_size=1), st.lists(st.sampled_from([0.0, 0.01, 0.04, 0.2]), min_size=1))
@example(2, [8], [*[0.0] * 15, 0.04])  # the pager's question comes in two pieces, and its first may be the whole
def test_pages(count, cuts, pauses):
    pages = [b"".join(b"    line %d of page %d\r\n" % (line, page) for line in range(5)) for page in range(count)]
    script = [ECHO, pages[0]] + [part for page in pages[1:] for part in (MORE, page)]
    assert converse(script, cuts, pauses).output() == b"".join(pages)


@pytest.mark.parametrize("question", [b" --More-- ", b"--More--", b"--More--(12%)", b"<--- More --->", b"\x1b[7m--More--\x1b[0m"])
def test_pagers_are_answered_with_a_space(question):
    dialogue = Dialogue("show x", PromptShape("R1"), limit=1000, on_output=lambda data: None, now=0)
    dialogue.take(ECHO + b"one\r\n" + question, 0)
    assert dialogue.answer(0.01) == b""
    assert dialogue.answer(0.05) == b" "
    assert dialogue.answer(5) == b"", "once"
    dialogue.take(b"\r        \r  two\r\nR1#", 5)
    assert dialogue.answer(6) == ENTER
    dialogue.take(b"\r\nR1#", 6)
    dialogue.answer(7)
    assert (dialogue.ended, dialogue.output()) == (True, b"one\r\n  two\r\n")


def test_log_lines_before_the_echo_are_kept():
    assert converse([b"\r\n" + LOG + b"R1#show x\r\n", b"out\r\n"], [100], [0.0]).output() == LOG + b"out\r\n"


def test_a_device_that_says_nothing_more_is_asked_again():
    dialogue = Dialogue("show x", PromptShape("R1"), limit=1000, on_output=lambda data: None, now=0)
    dialogue.take(ECHO + b"out\r\nR1#\r\n" + LOG, 0)
    assert dialogue.answer(0.5) == b""
    assert dialogue.answer(1.5) == ENTER
    assert dialogue.answer(20) == b"", "but once, while it is silent"


def test_no_echo_at_all():
    assert converse([b"out\r\n"], [1000], [0.0]).output() == b"out\r\n"


def test_an_echo_in_which_the_device_edits():
    assert converse([b"shiw\x08 \x08\x08 \x08ow \x1b[Kx\r\n", b"out\r\n"], [1000], [0.0]).output() == b"out\r\n"


def test_prompts_left_over_from_before():
    assert converse([b"\r\nR1#\r\nR1#show x\r\n", b"out\r\n"], [1000], [0.0]).output() == b"out\r\n"


def test_output_without_an_end_of_line():
    assert converse([ECHO, b"out"], [1000], [0.0]).output() == b"out"


def test_a_prompt_that_ends_in_a_space():
    dialogue = converse([b"show x\r\r\n", b"out\r\n"], [3], [0.0], prompt=b"switch# ", base="switch")
    assert dialogue.output() == b"out\r\n"


@pytest.mark.parametrize("prompt", [b"R1>", b"a.b*c+(d)[e]#", b"leaf1(s1)#", b"a-very-long-name-of-a-router#", "r\u00e9seau#".encode()])
def test_prompts(prompt):
    assert converse([ECHO, b"out\r\n"], [3], [0.0], prompt=prompt).output() == b"out\r\n"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(st.binary(max_size=60), PIECES, st.just(MORE), st.just(ERASED)), st.sampled_from([0.0, 0.02, 0.1, 1.5, 3.0])), max_size=30
    )
)
def test_whatever_a_device_prints_it_is_typed_only_spaces_and_empty_lines(noise):
    now, dialogue, typed = 0.0, Dialogue("show x", PromptShape("R1"), limit=10**6, on_output=lambda data: None, now=0.0), []
    for piece, pause in noise:
        dialogue.take(piece, now)
        now += pause
        typed.append(dialogue.answer(now))
        if dialogue.ended:
            break
    assert set(typed) <= {b"", b" ", ENTER}
    words = b"".join(piece for piece, _ in noise[: len(typed)]).count(b"word ")
    assert dialogue.output().count(b"word ") <= words


def test_bounded():
    dialogue = Dialogue("show x", PromptShape("R1"), limit=1000, on_output=lambda data: None, now=0)
    dialogue.take(ECHO, 0)
    for turn in range(2000):
        dialogue.take(b"z" * 10_000, turn * 0.001)
        dialogue.answer(turn * 0.001)
    assert (len(dialogue.output()), dialogue.truncated) == (1000, True)
    assert len(dialogue._line) + len(dialogue._kept) < 50_000


def test_plain():
    assert plain(b"\x1b[?2004h\rR1\x08\x082#\r\n") == b"2#"
    assert plain(b"\x08\x08x\x07\x00") == b"x"
