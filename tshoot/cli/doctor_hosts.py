"""tshoot doctor HOST…: the way to each target, hop by hop, and where and why it stops.

It goes by the code of a connection, which tells its steps. Without --login nothing is authenticated, so it looks as far as the first
hop; with it each hop is logged into once, as a run does, and the platform's version command is asked for. After a login that was
rejected no other target is logged into.
"""

from __future__ import annotations

import textwrap
from argparse import Namespace
from dataclasses import dataclass, field, replace
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.named import named
from tshoot.cli.output import emit_json, say, width
from tshoot.cli.terminal import TerminalPrompter
from tshoot.cli.transport_choice import ssh_by
from tshoot.errors import TshootError
from tshoot.inventory.inventory import Inventory
from tshoot.model.events import TargetSpec
from tshoot.model.text import clean_line
from tshoot.performers.connection import Tried, try_connection
from tshoot.platforms.loader import load_platform
from tshoot.transports.address import parse_address
from tshoot.transports.choose import chosen
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.config.way import find_way
from tshoot.transports.looking import Stop, look
from tshoot.transports.settings import SshSettings
from tshoot.transports.steps import Step
from tshoot.wiring import Settings, known_targets, ssh_of_a_run

_NAMES = {"host-key": "host key", "offers": "logins"}
_BEHIND = "not tried: it is reached through {0}, which needs a login (--login)"
_BY_OPENSSH = "it is reached through the system's own ssh; without a login what follows is the view of the SSH library here"
_NO_LOGIN = "not tried: nothing is authenticated without --login"


@dataclass
class Walk:
    """What is known of one way. `stop` None: as far as it was tried nothing stops it."""

    typed: str
    way: tuple[HostSettings, ...] = ()
    steps: list[Step] = field(default_factory=list)
    stop: Stop | None = None
    tried: Tried | None = None


def run(arguments: Namespace) -> int:
    if arguments.platform:
        load_platform(arguments.platform)
    settings = Settings(inventory=tuple(arguments.inventory))
    inventory = known_targets(settings) or Inventory()
    hosts = named(arguments.hosts, inventory)
    for host in hosts:
        parse_address(host)  # all of them before the first is connected to
    ssh, forget = ssh_of_a_run(replace(settings, ssh=ssh_by(arguments.transport, {"host": hosts})), inventory)
    walks: list[Walk] = []

    def work(cancel: CancelToken) -> None:
        doctor = _Doctor(ssh, inventory, arguments, cancel)
        for host in hosts:
            walks.append(walk := doctor.walk(host))
            if walk.tried and walk.tried.rejected and len(walks) < len(hosts):
                left = len(hosts) - len(walks)
                diagnostics.note(f"{left} targets were not tried: the same account may be locked on them, too")
                return

    try:
        cancellable(work)
    finally:
        forget()
    if arguments.json:
        emit_json({"hosts": [_json(walk, arguments.login) for walk in walks]})
    stopped = any(walk.stop for walk in walks) or len(walks) < len(hosts)
    return diagnostics.TARGET_FAILED if stopped else diagnostics.HEALTHY


class _Doctor:
    def __init__(self, ssh: SshSettings, inventory: Inventory, arguments: Namespace, cancel: CancelToken) -> None:
        self._ssh, self._inventory, self._arguments, self._cancel = ssh, inventory, arguments, cancel
        self._quiet = arguments.json

    def walk(self, typed: str) -> Walk:
        walk = Walk(typed)
        try:
            walk.way = find_way(typed, self._ssh, self._cancel)
        except TshootError as error:
            self._cancel.check()
            walk.stop = Stop(0, "ssh_config", error)
            self._say(clean_line(typed), *_stop_rows(walk.stop))
            return walk
        names = " > ".join(clean_line(host.typed) for host in walk.way)
        self._say(f"{clean_line(typed)}: {len(walk.way)} hop{'s' * (len(walk.way) > 1)}: {names}" if len(walk.way) > 1 else clean_line(typed))
        self._head(walk, 0)
        if chosen(typed, self._ssh) == "openssh":
            self._say(*_rows("note", "transport", _BY_OPENSSH))
        settings = replace(self._ssh, on_step=lambda step: self._took(walk, step))
        diagnostics.status(f"{typed}: connecting")
        if self._arguments.login:
            self._log_in(walk, settings)
        else:
            walk.stop = look(walk.way, settings, self._cancel)
        diagnostics.clear_status()
        self._say(*(_stop_rows(walk.stop) if walk.stop else self._end(walk)))
        return walk

    def _log_in(self, walk: Walk, settings: SshSettings) -> None:
        platform = self._arguments.platform or self._inventory.typed(walk.typed).platform
        target = TargetSpec("host", walk.typed, platform or "linux")
        prompter = TerminalPrompter(self._cancel)
        walk.tried = tried = try_connection(
            target, prompter, settings, self._cancel, lambda doing: diagnostics.status(f"{walk.typed}: {doing}"), ask_version=bool(platform)
        )
        if tried.kind:
            walk.stop = Stop(*_behind(walk, tried.kind), TshootError(tried.problem, tried.hint))
            if walk.steps and walk.stop.hop > walk.steps[-1].hop:
                self._head(walk, walk.stop.hop)

    def _end(self, walk: Walk) -> list[str]:
        if walk.tried is None:
            rows = _rows("note", "login", _NO_LOGIN)
            for hop in range(1, len(walk.way)):
                self._say(*rows)
                self._head(walk, hop)
                rows = _rows("note", "way", _BEHIND.format(clean_line(walk.way[hop - 1].typed)))
            return rows
        told = () if walk.steps and walk.steps[-1].name == "login" else _rows("ok", "login", "logged in through the system's own ssh")
        version = _rows("ok", "version", walk.tried.version) if walk.tried.version else []
        return [*told, *version] + [row for remark in walk.tried.remarks for row in _rows("note", "", remark)]

    def _took(self, walk: Walk, step: Step) -> None:
        """Called in the thread of the connection."""
        if walk.steps and walk.steps[-1].hop != step.hop:
            self._head(walk, step.hop)
        walk.steps.append(step)
        self._say(*_rows("ok", step.name, step.said), *(row for note in step.notes for row in _rows("note", "", note)))
        diagnostics.status(f"{walk.typed}: {_NAMES.get(step.name, step.name)} done")

    def _head(self, walk: Walk, hop: int) -> None:
        host = walk.way[hop]
        number = f"hop {hop + 1} of {len(walk.way)}, " if len(walk.way) > 1 else ""
        self._say(f"  {number}{clean_line(host.typed)}: {host.user} at {host.host} port {host.port}")
        for index, text in enumerate(_applied(host) or ["says nothing of it"]):
            self._say(*_rows("" if index else "ok", "" if index else "ssh_config", text))

    def _say(self, *lines: str) -> None:
        if self._quiet:
            return
        diagnostics.clear_status()
        say(*lines)


def _applied(host: HostSettings) -> list[str]:
    return [f"{applied.place}: {applied.option} {applied.text}"[:300] for applied in host.applied]


def _rows(mark: str, step: str, text: str) -> list[str]:
    """One step, its text wrapped beside it: paths and names stay whole."""
    head = f"    {mark:<5}  {_NAMES.get(step, step):<10}  "
    pieces = textwrap.wrap(clean_line(text), max(30, width() - len(head)), break_long_words=False, break_on_hyphens=False) or [""]
    return [head + pieces[0], *(" " * len(head) + piece for piece in pieces[1:])]


def _stop_rows(stop: Stop) -> list[str]:
    return [*_rows("STOPS", stop.step, stop.error.message), *(_rows("", "", stop.error.hint) if stop.error.hint else [])]


def _behind(walk: Walk, kind: str) -> tuple[int, str]:
    """(hop, step) that comes after the last one that went well."""
    if not walk.steps:
        return 0, "name" if kind == "name-unknown" else "way"
    last = walk.steps[-1]
    if last.name == "login":
        return (last.hop, "session") if last.hop == len(walk.way) - 1 else (last.hop + 1, "connect")
    order = ("name", "connect", "greeting", "algorithms", "host-key", "login")
    return last.hop, order[order.index(last.name) + 1]


# --- the document -----------------------------------------------------------------------------------


def _json(walk: Walk, login: bool) -> dict[str, Any]:
    return {
        "host": clean_line(walk.typed),
        "login_tried": login and walk.tried is not None,
        "reached": walk.stop is None,
        "hops": [_hop_json(walk, number) for number in range(len(walk.way))],
        "stop": _stop_json(walk.stop) if walk.stop else None,
        "version": walk.tried.version if walk.tried else "",
        "remarks": list(walk.tried.remarks) if walk.tried else [],
    }


def _hop_json(walk: Walk, number: int) -> dict[str, Any]:
    host = walk.way[number]
    steps = [step for step in walk.steps if step.hop == number]
    return {
        "host": clean_line(host.typed),
        "address": clean_line(host.host),
        "port": host.port,
        "user": clean_line(host.user),
        "ssh_config": [{"place": one.place, "option": one.option, "value": clean_line(one.text)} for one in host.applied],
        "steps": [{"step": step.name, "said": clean_line(step.said), "notes": list(map(clean_line, step.notes))} for step in steps],
    }


def _stop_json(stop: Stop) -> dict[str, Any]:
    return {"hop": stop.hop, "step": stop.step, "message": clean_line(stop.error.message), "hint": clean_line(stop.error.hint)}
