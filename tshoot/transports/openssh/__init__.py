"""Connections by the system's own ssh, for what paramiko cannot do."""
