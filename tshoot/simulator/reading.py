"""From a checked scenario file to its devices: included lists and output files read, captures found.

Paths are relative to the file that names them; captures lie below fixtures/captures. What is missing is a
problem with its file, line and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tshoot.errors import PlaybookError
from tshoot.shipped import shipped
from tshoot.simulator.device import CaptureEntry, CommandEntry, Device
from tshoot.simulator.document import CommandDocument, CommandsDocument, DeviceDocument, ScenarioDocument, problem, problems_error, read_document


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
    return Device(given.platform, given.name, tuple(commands), capture, refused, given.port == "closed", given.hang is not None, given.sftp)


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
        stdout = command.stdout.encode()
        if command.stdout_file:
            try:
                stdout = (file.parent / command.stdout_file).read_bytes()
            except OSError as error:
                problems.append(problem(file, tree, (*place, at, "stdout_file"), f"cannot be read: {error.strerror}"))
        text = command.run or command.pattern or ""
        entries.append(CommandEntry(text, command.run is None, stdout, command.stderr.encode(), command.exit, command.seconds, command.fails))
    return entries
