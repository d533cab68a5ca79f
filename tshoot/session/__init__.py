"""A session on disk: a log of events, one a line, beside the raw bytes that they speak of. See docs/session-format.md."""
