"""What to do next, where a connection fails: the same advice whichever client tried it."""

from __future__ import annotations

SPELLING = "check the spelling and the name service, or use its address"
ROUTE = "check address, route and firewall; `ping` and a traceroute from here tell how far it gets"
STARTED = "is the SSH service started there, and on that port? On ESXi it is off until someone starts it"
HANGS = "the host or its SSH service hangs: look at its console"
TURNED_AWAY = "too many sessions, a deny list or a firewall do this: look at the host's authentication log"
REVOKED = "known_hosts marks that key @revoked: do not connect"
FEW_SESSIONS = "the server allows few sessions at once (MaxSessions), or none: end another one"


def compare_fingerprint(accept: str) -> str:
    return f"compare the fingerprint at the host's console, then accept it once: {accept}"


def key_changed(entry: str) -> str:
    """`entry`: the host as known_hosts names it."""
    return f"someone may be in the middle. If the host was reinstalled, check at its console, then `ssh-keygen -R '{entry}'` and connect again"
