"""Draws docs/picture.svg: the run screen at the end of the recorded session that the tests keep (`make picture`)."""

from __future__ import annotations

from pathlib import Path

from tshoot.session.store import open_session
from tshoot.tui.picture import draw

ROOT = Path(__file__).parents[1]
REMARK = "a recorded session, nothing is connected"

if __name__ == "__main__":
    session = open_session(ROOT / "fixtures/sessions/v1", "nfs-mount-denied")
    draw(session.events(), session.header.playbook, (132, 40), ROOT / "docs/picture.svg", remark=REMARK)
