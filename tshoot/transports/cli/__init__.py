"""Command lines of routers and switches, over either connection."""
