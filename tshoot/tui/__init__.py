"""The interface in a terminal."""

import os

os.environ.setdefault("TEXTUAL_FPS", "120")  # else what a key changes waits up to 20 ms where a flood of output was drawn just before
