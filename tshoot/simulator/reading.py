"""From a checked scenario file to its devices: included lists and output files read, captures found.

Paths are relative to the file that names them; captures lie below fixtures/captures. What is missing is a
problem with its file, line and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tshoot.errors import PlaybookError
from tshoot.platforms.loader import load_platform, platform_names
from tshoot.shipped import shipped
from tshoot.simulator.device import CaptureEntry, Cli, CommandEntry, Device
from tshoot.simulator.document import (
    CommandDocument,
    CommandsDocument,
    DeviceDocument,
    ScenarioDocument,
    TurnDocument,
    problem,
    problems_error,
    read_document,
)
from tshoot.simulator.programs.turns import Turn


def read_devices(file: Path, document: ScenarioDocument, tree: Any) -> dict[str, Device]:
    """The devices of `document`, by role; PlaybookError lists what they name and is not there."""
    problems: list[str] = []
    devices = {role: _device(file, tree, role, given, problems) for role, given in document.devices.items()}
    if problems:
        raise problems_error(problems)
    return devices


def _device(file: Path, tree: Any, role: str, given: DeviceDocument, problems: list[str]) -> Device:
    place: tuple[int | str, ...] = ("devices", role)
    commands = _commands(file, tree, (*place, "commands"), given.commands, problems)
    for name in (given.include,) if isinstance(given.include, str) else given.include:
        commands += _included(file, tree, (*place, "include"), name, problems)
    capture = None
    if given.capture:
        pcap = shipped("fixtures/captures") / given.capture.file if given.capture.file else None
        if pcap and not pcap.is_file():
            problems.append(problem(file, tree, (*place, "capture", "file"), f"there is no capture {given.capture.file} below fixtures/captures"))
        capture = CaptureEntry(pcap, given.capture.fails, given.capture.closes)
    refused = given.login.refuse if given.login else ()
    port_closed, hangs, cli = given.port == "closed", given.hang is not None, _cli(file, tree, place, given, problems)
    if cli:
        problems += [problem(file, tree, place, said) for said in _not_on_a_cli(commands, capture)]
    return Device(given.platform, given.name, tuple(commands), capture, refused, port_closed, hangs, given.sftp and not cli, cli)


def _cli(file: Path, tree: Any, place: tuple[int | str, ...], given: DeviceDocument, problems: list[str]) -> Cli | None:
    """The command line of a device whose platform has one; None for a shell."""
    if given.platform not in platform_names():
        problems.append(problem(file, tree, (*place, "platform"), f"there is no platform `{given.platform}`: {', '.join(platform_names())}"))
        return None
    if load_platform(given.platform).transport != "ssh-cli":
        if given.cli:
            problems.append(problem(file, tree, (*place, "cli"), f"{given.platform} has a shell, no command line of its own"))
        return None
    return Cli(given.cli.start == "privileged", given.cli.enable_password) if given.cli else Cli()


def _not_on_a_cli(commands: Sequence[CommandEntry], capture: CaptureEntry | None) -> list[str]:
    said = []
    for entry in commands:
        if entry.stderr or entry.exit_status:
            said.append(f"`{entry.text}` has `stderr` or `exit`: a command line has one stream and no exit status")
        if entry.fails == "permission-denied":
            said.append(f"`{entry.text}` fails with permission-denied: give the words by which the device refuses it as its `stdout`")
    return [*said, *(["has a capture: nothing captures on a command line"] if capture else [])]


def _included(file: Path, tree: Any, place: tuple[int | str, ...], name: str, problems: list[str]) -> list[CommandEntry]:
    path = file.parent / name
    if not path.is_file():
        problems.append(problem(file, tree, place, f"there is no file {name}"))
        return []
    try:
        document, included = read_document(path, CommandsDocument)
    except PlaybookError as error:
        problems += error.problems
        return []
    return _commands(path, included, ("commands",), document.commands, problems)


def _commands(file: Path, tree: Any, place: tuple[int | str, ...], given: Sequence[CommandDocument], problems: list[str]) -> list[CommandEntry]:
    entries = []
    for at, command in enumerate(given):
        text = command.run or command.pattern or ""
        turns = tuple(_turn(file, tree, (*place, at, "turns", number), turn, problems) for number, turn in enumerate(command.turns))
        if command.once:
            turns = (*turns[:-1], (turns[-1][0], None))
        if not turns:
            always = TurnDocument(stdout=command.stdout, stdout_file=command.stdout_file)
            turns = (_turn(file, tree, (*place, at), always, problems),)
        entries.append(CommandEntry(text, command.run is None, turns, command.stderr.encode(), command.exit, command.seconds, command.fails))
    return entries


def _turn(file: Path, tree: Any, place: tuple[int | str, ...], given: TurnDocument, problems: list[str]) -> Turn:
    output = given.stdout.encode()
    if given.stdout_file:
        try:
            output = (file.parent / given.stdout_file).read_bytes()
        except OSError as error:
            problems.append(problem(file, tree, (*place, "stdout_file"), f"cannot be read: {error.strerror}"))
    return output, given.seconds
