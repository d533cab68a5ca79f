"""Playbooks: YAML text to a checked tree that keeps file and line."""
