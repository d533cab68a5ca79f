"""Sharing a session without giving anything away: one keyed, reversible map over its texts, values and captures. See docs/security.md."""
