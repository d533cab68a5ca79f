"""tshoot targets: what the inventory knows, whence, and what the devices say of themselves."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.named import named, note_remarks
from tshoot.cli.output import emit_json, fitted, paragraphs, say, wrapped
from tshoot.errors import UsageError
from tshoot.inventory.inventory import Inventory, KnownTarget
from tshoot.inventory.memory import default_memory
from tshoot.inventory.names import shown
from tshoot.model.stamp import utc
from tshoot.model.text import clean_line
from tshoot.platforms.loader import load_platform
from tshoot.wiring import Settings, known_targets, ssh_of_a_run


def run(arguments: Namespace) -> int:
    settings = Settings(inventory=tuple(arguments.inventory))
    inventory = known_targets(settings) or Inventory()
    if arguments.action == "show":
        return _show(inventory, arguments.name, arguments.json)
    if arguments.action == "groups":
        return _groups(inventory, arguments.json)
    if arguments.action == "detect":
        return _detect(inventory, settings, arguments)
    if arguments.action == "forget":
        return _forget(inventory, arguments.names, arguments.json)
    return _list(inventory, arguments.group, arguments.json)


# --- what is known ----------------------------------------------------------------------------------


def _list(inventory: Inventory, group: str, as_json: bool) -> int:
    names = inventory.expand(group if group.startswith("@") else f"@{group}") if group else inventory.names()
    targets = [target for name in names if (target := inventory.host(name))]
    if as_json:
        sources = [{"source": clean_line(source), "targets": count} for source, count in inventory.sources]
        emit_json({"targets": [target_json(target) for target in targets], "sources": sources, "remarks": list(map(clean_line, inventory.remarks))})
        return 0
    if not targets:
        say("no target is known yet", "docs/inventory.md: targets.yaml, ssh_config, --inventory FILE")
    else:
        rows = [[target.name, place_text(target), _platform_text(target), ", ".join(target.groups) or "-", target.source] for target in targets]
        fitted([["name", "address", "platform", "groups", "from"], *rows], indent=0)
    note_remarks(inventory)
    return 0


def _show(inventory: Inventory, name: str, as_json: bool) -> int:
    target = inventory.typed(name)
    if not target.groups and target.platform_from == "" and inventory.host(target.name) is None and target.seen is None:
        from difflib import get_close_matches

        near = get_close_matches(name[:100], inventory.names()[:5000], 3)
        raise UsageError(f"no source names a target {shown(name)}", f"did you mean {' or '.join(near)}?" if near else "`tshoot targets` lists them")
    if as_json:
        emit_json({"target": target_json(target)})
        return 0
    about = [
        ("address", place_text(target)),
        ("platform", _platform_text(target)),
        ("known because", target.platform_from or "nobody says it: `tshoot targets detect` asks the device"),
        ("the inventory says", f"{target.told} ({target.told_from})" if target.seen and target.told else ""),
        ("groups", ", ".join(target.groups)),
        ("transport", target.transport),
        ("also named", ", ".join(target.aliases)),
        ("from", target.source),
    ]
    say(target.name)
    fitted([[label, text] for label, text in about if text])
    clashes = inventory.clashes(target.name)
    paragraphs(("", "")) if not clashes else wrapped(*clashes)
    return 0


def _groups(inventory: Inventory, as_json: bool) -> int:
    groups = inventory.groups()
    if as_json:
        emit_json({"groups": {clean_line(group): list(names) for group, names in groups.items()}})
        return 0
    if not groups:
        say("there is no group yet", "docs/inventory.md: groups and tags of targets.yaml, of Ansible, containerlab and NetBox")
        return 0
    fitted([["group", "targets", "names"], *([f"@{group}", str(len(names)), _some(names)] for group, names in groups.items())], indent=0)
    return 0


def _some(names: tuple[str, ...], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def place_text(target: KnownTarget) -> str:
    """`user@host:port`, as far as it is known."""
    place = target.place
    host = f"[{place.host}]" if ":" in place.host and place.port else place.host
    return f"{place.user + '@' if place.user else ''}{host}{f':{place.port}' if place.port else ''}"


def _platform_text(target: KnownTarget) -> str:
    return ", ".join(target.platforms) or (f"none of ours ({target.told})" if target.told else "unknown")


def target_json(target: KnownTarget) -> dict[str, Any]:
    """What every document says of a target. `platform` null: unknown."""
    seen = target.seen
    return {
        "name": clean_line(target.name),
        "host": clean_line(target.place.host),
        "user": target.place.user,
        "port": target.place.port,
        "platform": target.platform or None,
        "platforms": list(target.platforms),
        "platform_from": clean_line(target.platform_from) or None,
        "told": clean_line(target.told) or None,
        "seen": {"said": seen.said, "command": seen.command, "at": utc(seen.at)} if seen else None,
        "groups": list(target.groups),
        "aliases": list(target.aliases),
        "transport": target.transport or None,
        "source": clean_line(target.source) or None,
    }


# --- what the devices say ---------------------------------------------------------------------------


def _detect(inventory: Inventory, settings: Settings, arguments: Namespace) -> int:
    from tshoot.cli.terminal import TerminalPrompter
    from tshoot.performers.recognition import Recognised, recognise
    from tshoot.performers.settling import remember

    names = named(arguments.names, inventory)
    targets = {name: inventory.typed(name) for name in names}  # UsageError before anything is connected to
    found: list[Recognised] = []
    memory = default_memory(settings.state)
    ssh, forget = ssh_of_a_run(settings, inventory)

    def work(cancel: CancelToken) -> None:
        for name, target in targets.items():
            diagnostics.status(f"{name}: asking")
            asked = recognise(name, TerminalPrompter(cancel), ssh, cancel, lambda step, name=name: diagnostics.status(f"{name}: {step}"))  # type: ignore[misc]
            diagnostics.clear_status()
            found.append(asked)
            if asked.platforms:
                remember(memory, inventory, name, asked)
            if not arguments.json:
                _tell(asked, target)
            if asked.rejected:
                if len(found) < len(targets):
                    diagnostics.note(f"{len(targets) - len(found)} targets were not asked: the same account may be locked on them, too")
                return

    try:
        cancellable(work)
    finally:
        forget()
    if arguments.json:
        emit_json({"detected": [_detected_json(asked) for asked in found], "not_asked": list(names[len(found) :])})
    if any(asked.kind for asked in found):
        return diagnostics.TARGET_FAILED
    return diagnostics.HEALTHY if all(asked.platforms for asked in found) else diagnostics.INCONCLUSIVE


def _tell(asked: Any, target: KnownTarget) -> None:
    wrapped(asked.told, indent=0)
    if asked.hint:
        wrapped(asked.hint)
    if asked.platforms:
        said = ", ".join(f"{name} ({load_platform(name).title})" for name in asked.platforms)
        wrapped(f"it can be used as: {said}")
    before = target.seen.platforms if target.seen else ()
    if asked.platforms and before and before != asked.platforms:
        wrapped(f"remembered until now: {', '.join(before)}; that is corrected")
    elif asked.platforms and target.told and not target.seen and target.platform not in asked.platforms:
        wrapped(f"the inventory says otherwise ({target.platform_from}); what the device says counts")


def _detected_json(asked: Any) -> dict[str, Any]:
    return {
        "host": clean_line(asked.host),
        "platforms": list(asked.platforms),
        "command": asked.command or None,
        "said": asked.said or None,
        "heard": [{"command": command, "said": said} for command, said in asked.heard],
        "failure": asked.kind or None,
        "problem": asked.problem or None,
        "seconds": round(asked.seconds, 3),
    }


def _forget(inventory: Inventory, names: Iterable[str], as_json: bool) -> int:
    memory = default_memory()
    targets = [(inventory.typed(name), inventory.way(name)) for name in named(names, inventory)]
    forgotten = [target.name for target, way in targets if memory.forget(target.place, way)]
    if as_json:
        emit_json({"forgotten": forgotten})
    else:
        say(f"forgotten: {', '.join(forgotten)}" if forgotten else "nothing was remembered of them")
    return 0
