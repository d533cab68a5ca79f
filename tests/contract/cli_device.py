"""A device's command line, run by a real sshd on a pty (ForceCommand): echo, prompt, pager, enable, and the bad manners of devices.

    python cli_device.py [slow] [pager] [banner] [enable] [mute] [eos] [quit] [grave=FILE] [prompt=NAME]

Plain Python without the project, as a device has neither. It echoes and edits nothing itself beyond characters and control-C.
"""

from __future__ import annotations

import os
import select
import sys
import time
import tty
from pathlib import Path

LOG = "*Nov 21 07:00:01.123: %LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/1, changed state to down # > R1"
SECRET = "s3cret"
PAGE = 24


class Interrupted(Exception):
    pass


class Device:
    def __init__(self, flags: list[str]) -> None:
        values = dict(flag.partition("=")[::2] for flag in flags)
        self.slow, self.pager, self.banner = "slow" in values, "pager" in values, "banner" in values
        self.mute, self.eos = "mute" in values, "eos" in values
        self.name = values.get("prompt", "R1")
        self.grave = Path(values["grave"]) if "grave" in values else None
        self.privileged = "enable" not in values
        self.length = PAGE
        self.idle = 3600.0  # seconds after which it ends a session in which nothing is typed
        self.deaf = False  # does not hear control-C
        self.typed = b""

    # --- the terminal ---

    def raw(self, data: bytes) -> None:
        while data:
            data = data[os.write(1, data[:1] if self.slow else data) :]
            if self.slow:
                time.sleep(0.001)

    def say(self, text: str) -> None:
        self.raw(text.encode().replace(b"\n", b"\r\n"))

    def listen(self, seconds: float, for_a_key: bool = False) -> None:
        """Take what is typed meanwhile; Interrupted on control-C."""
        end = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([0], [], [], max(0, end - time.monotonic()))
            if not ready:
                return
            data = os.read(0, 1024)
            if not data:
                sys.exit(0)
            if b"\x03" in data and not self.deaf:
                self.typed = data.rpartition(b"\x03")[2]
                raise Interrupted
            self.typed += data
            if for_a_key:
                return

    def key(self) -> bytes:
        while not self.typed:
            self.listen(self.idle, for_a_key=True)
            if not self.typed:
                sys.exit(0)
        key, self.typed = self.typed[:1], self.typed[1:]
        return key

    def line(self, echo: bool = True) -> str:
        typed = b""
        while (key := self.key()) not in (b"\r", b"\n"):
            typed += key
            if echo:
                self.raw(key)
        self.say("\n")
        return typed.decode("latin-1")

    def pages(self, lines: list[str]) -> None:
        for number, line in enumerate(lines, 1):
            self.say(line + "\n")
            if self.length and number % self.length == 0 and number < len(lines):
                self.say(" --More-- ")
                key = self.key()
                self.raw(b"\x08" * 10 + b" " * 10 + b"\x08" * 10)
                if key == b"q":
                    return

    # --- the command line ---

    @property
    def prompt(self) -> str:
        return self.name + ("#" if self.privileged else ">")

    def serve(self) -> None:
        tty.setraw(0)
        if self.grave and self.grave.exists():
            self.deaf = True
            while True:
                self.listen(3600)
        if self.banner:
            self.say("".join(f"* {number} unauthorized access is a crime #\n{'#' * 40}\n" for number in range(250)))
        if "quit" in sys.argv:
            self.say("No more sessions on this line\n")
            return
        if self.mute:
            self.say("Starting the command line, please wait\n")
        while True:
            try:
                self.say("" if self.mute else self.prompt)
                while not (command := self.line().strip()):
                    self.say("" if self.mute else self.prompt)
                self.perform(command)
            except Interrupted:
                self.say("^C\n")

    def perform(self, command: str) -> None:
        if command == "terminal length 0":
            self.length = self.length if self.pager else 0
            self.say("Pagination disabled.\n" if self.eos else "")
        elif command.startswith("terminal width"):
            self.say("Width set to 511 columns.\n" if self.eos else "")
        elif command == "enable":
            self.enable()
        elif command == "exit":
            sys.exit(0)
        elif command.startswith("show ") and (act := getattr(self, "show_" + command[5:].replace("-", "_").replace(" ", "_"), None)):
            act()
        else:
            self.say(" " * (len(self.prompt) + 2) + "^\n% Invalid input detected at '^' marker.\n")

    def enable(self) -> None:
        for _ in range(3):
            self.say("Password: ")
            if self.line(echo=False) == SECRET:
                self.privileged = True
                return
        self.say("% Bad secrets\n")

    # --- what it shows ---

    def show_version(self) -> None:
        self.say("Cisco IOS Software, fictive\nuptime is 3 days\n")

    def show_secrets(self) -> None:
        self.say("all of them\n" if self.privileged else "             ^\n% Invalid input detected at '^' marker.\n")

    def show_long(self) -> None:
        self.pages([f"line {number} of a long output" for number in range(1, 101)])

    def show_indented(self) -> None:
        self.pages([f"    line {number}" for number in range(1, 51)])

    def show_nothing(self) -> None:
        pass

    def show_log(self) -> None:
        self.say("before\n")
        time.sleep(0.15)
        self.say(f"\n{LOG}\nafter\n")

    def show_late_log(self) -> None:
        self.say(f"output\n{self.prompt}\n{LOG}\n")
        self.listen(0)
        self.line()

    def show_log_on_the_prompt(self) -> None:
        self.say(f"output\n{self.prompt}{LOG}\n")
        self.line()

    def show_prompts(self) -> None:
        self.say(f"first\n{self.prompt}\n{self.prompt}show version\nfictive #\n")
        self.say(self.prompt)
        self.listen(0.3)
        self.say("show nothing of note\nmore#\nlast\n")

    def show_bytes(self) -> None:
        self.raw(b"\xff\x00\x1b[31mred\x1b[0m\t.\r\n")

    def show_unfinished(self) -> None:
        self.say("no end of line")
        self.typed = self.typed.lstrip(b"\n")
        self.say(self.prompt)
        self.line()

    def show_dots(self) -> None:
        self.say("Sending 3: ")
        for _ in range(3):
            self.say("!")
            self.listen(0.6)
        self.say("\nSuccess rate is 100 percent\n")

    def show_twice(self) -> None:
        self.say("first\n")
        self.listen(0.6)
        self.say("second\n")

    def show_hang(self) -> None:
        self.say("waiting\n")
        self.listen(3600)

    def show_deaf(self) -> None:
        self.say("waiting\n")
        self.deaf = True
        self.listen(3600)

    def show_grave(self) -> None:
        assert self.grave
        self.grave.touch()
        self.show_deaf()

    def show_impatience(self) -> None:
        self.idle = 0.3

    def show_drop(self) -> None:
        self.say("one\ntwo\nthr")
        time.sleep(0.2)
        sys.exit(0)

    def show_endless(self) -> None:
        while True:
            self.say("0123456789 and so on without an end\n" * 50)
            self.listen(0)

    def show_one_endless_line(self) -> None:
        while True:
            self.say("0123456789" * 200)
            self.listen(0)

    def show_million(self) -> None:
        self.say(("x" * 98 + "\n") * 10_000)

    def show_question(self) -> None:
        self.say("Proceed with reload? [confirm]")
        self.key()
        self.say("\nSystem goes down\n")


if __name__ == "__main__":
    Device(sys.argv[1:]).serve()
