"""What leaves the packets screen: the capture to Wireshark or termshark, a frame to the clipboard."""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from tshoot.model.text import clean_line
from tshoot.packets.browse.viewers import Viewer, viewer_of

if TYPE_CHECKING:
    from tshoot.tui.screens.packets import PacketsScreen


def open_outside(screen: PacketsScreen, number: int, display_filter: str) -> None:
    """Wireshark in a window of its own, or termshark in this terminal until it is left; where neither can be used, say so and how elsewhere."""
    viewer = viewer_of(screen.browsing.path, number, display_filter)
    if not viewer.name:
        screen.say(f"! {viewer.why}", "warn")
        return
    try:
        _detached(viewer) if viewer.name == "wireshark" else _in_front(screen, viewer)
    except OSError as error:
        screen.say(f"✗ {viewer.name} cannot be started: {error.strerror or error}", "bad")
    except SuspendNotSupported:
        screen.say(f"! this terminal cannot be lent to termshark; run it in another one: termshark -r {clean_line(viewer.command[2])}", "warn")
    else:
        screen.say(f"{viewer.name} was started" if viewer.name == "wireshark" else "")


def _detached(viewer: Viewer) -> None:
    """In a session of its own: it lives on when tshoot ends, and is reaped if it ends before."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(viewer.command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    threading.Thread(target=process.wait, name="wireshark", daemon=True).start()


def _in_front(screen: PacketsScreen, viewer: Viewer) -> None:
    with screen.app.suspend():
        subprocess.run(viewer.command, check=False)


def copy_summary(screen: PacketsScreen, text: str) -> None:
    """By OSC 52, which the terminal may refuse in silence."""
    screen.app.copy_to_clipboard(clean_line(text))
    screen.say("copied, where the terminal allows it (OSC 52)")
