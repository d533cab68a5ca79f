"""The playbook of a session that no playbook led: it asks nothing, and says so. Judges of pasted text give the verdict."""

from __future__ import annotations

FREE = "free"
TEXT_ROLE = "text"  # what no prompt stands before was said by nobody in particular
FREE_TEXT = """\
id: free
title: Commands that somebody typed
description: >-
  A recording of another program, or commands without a playbook. Nothing was asked by a playbook; what was typed and answered is judged as pasted
  text is, by what it shows.
targets: {}
start: judge
nodes:
  judge:
    why: no playbook led this session
    decide:
      - otherwise:
          inconclusive: no playbook led this session, and what was typed does not decide by itself
          next: judge it by a playbook, `tshoot sessions rejudge SESSION --playbook ID --target ROLE=DEVICE`
"""
