"""Why `ssh` ended, in our words: its log read from the end, and what its proxy said, made a TargetError of the right kind.

The words are those of OpenSSH 8.0 to 9.9 in English (LC_ALL=C): ssh.c, sshconnect.c, sshconnect2.c, kex.c, packet.c, readconf.c.
"""

from __future__ import annotations

import re

from tshoot.errors import TargetError, TshootError, UsageError
from tshoot.model.text import clean_line
from tshoot.transports import hints
from tshoot.transports.base import TargetBusy
from tshoot.transports.busy import says_busy
from tshoot.transports.login.known_hosts import entry_name
from tshoot.transports.login.words import MANY_KEYS, by_hand
from tshoot.transports.openssh.algorithms import mismatch
from tshoot.transports.openssh.log import LoginLog
from tshoot.transports.openssh.options import Resolved

_ERRNO = (
    (r"Connection refused", "refused", "the connection was refused", hints.STARTED),
    (r"(?:Connection|Operation) timed out", "unreachable", "cannot be reached: no answer", ""),
    (r".*", "unreachable", "cannot be reached: {0}", ""),
)  # fmt: skip


def explain(log: LoginLog, proxy: str, host: Resolved) -> TshootError:
    """The failure of a login that ended by itself. `proxy` is what stood on stderr beside the log: banners, words of jump hosts."""
    for judge in (_configuration, _name, _connection, _algorithms, _host_key, _authentication, _greeting):
        if error := judge(log, host):
            return error
    last = log.lines[-1] if log.lines else ""
    if host.proxied and log.phase in ("looking up its name", "going through its jump host", "waiting for its greeting"):
        return _on_the_way(proxy, last, host)
    if log.phase == "logging in":
        said = _said(log)
        return TargetError("closed", f"{host.name}: the server closed the connection during the login{said}", hints.TURNED_AWAY)
    if log.said(r"[Cc]onnection (?:closed|reset)|Broken pipe|Connection to .* (?:timed out|closed)"):
        return TargetBusy(f"{host.place}: closed the connection before the login{_said(log)}", hints.TURNED_AWAY, _said(log)[2:])
    return TargetError("closed", f"{host.place}: the key exchange failed: {last[:200] or 'ssh says nothing'}", "try `ssh -v` to it")


def gone(log: LoginLog) -> str:
    """`: <why>` of the end of an established connection, else nothing."""
    if found := log.said(r"Timeout, server .* not responding"):
        return f": {found[0][:200]}"
    return _said(log)


def _said(log: LoginLog) -> str:
    found = log.said(r"Received disconnect from \S+ port \d+:\d+: ?(.*)")
    return f": {found[1][:200]}" if found and found[1] and found[1] != "disconnected by user" else ""


def _configuration(log: LoginLog, host: Resolved) -> TshootError | None:
    return not_understood(log.lines[-1] if log.lines else "", host.typed)


def not_understood(said: str, typed: str) -> TshootError | None:
    """What `ssh` says of a configuration that it cannot use."""
    if re.search(
        r"^.{0,300}(?: line \d+|command-line).{0,10}: |terminating, \d+ bad configuration|Bad owner or permissions|Can't open user config", said
    ):
        return UsageError(
            f"{typed}: ssh cannot use its configuration: {said[:300]}", "correct that line of the ssh_config; `ssh -G` shows what it reads"
        )
    return None


def _name(log: LoginLog, host: Resolved) -> TshootError | None:
    if host.proxied or not log.said(r"^ssh: Could not resolve hostname"):
        return None
    hint = hints.SPELLING
    return TargetError("name-unknown", f"{host.typed}: the name `{host.host}` cannot be resolved", hint)


def _connection(log: LoginLog, host: Resolved) -> TshootError | None:
    found = log.said(r"^ssh: connect to (?:host|address) .* port \d+: (.*)")
    if found is None:
        return None
    kind, words, hint = next((kind, words, hint) for pattern, kind, words, hint in _ERRNO if re.match(pattern, found[1]))
    return TargetError(kind, f"{host.place}: {words.format(found[1][:200])}", hint or hints.ROUTE)


def _algorithms(log: LoginLog, host: Resolved) -> TshootError | None:
    if found := log.said(r"no matching .* found\. Their offer: .*"):
        missing = mismatch(found[0])
        words = missing.words if missing else found[0][:300]
        hint = "update its SSH server, or use a build of ssh that still has one of these algorithms"
        return TargetError("no-common-algorithm", f"{host.place}: no common SSH algorithm: {words}", hint)
    if found := log.said(r"Protocol major versions differ: .*|Invalid key length|Bad server host key: .*|Server host key: .* not allowed"):
        hint = "what it speaks or its key is too old for this ssh: update its SSH server, make it a new host key (RSA of 2048 bits)"
        return TargetError("no-common-algorithm", f"{host.place}: no common SSH algorithm: {found[0][:200]}", hint)
    return None


def _host_key(log: LoginLog, host: Resolved) -> TshootError | None:
    kind, shown = log.host_key
    if log.said("REVOKED HOST KEY"):
        return TargetError("host-key-changed", f"{host.place}: shows a revoked {kind} host key {shown}", hints.REVOKED)
    if log.said("HOST IDENTIFICATION HAS CHANGED") or log.said("has changed and you have requested strict checking"):
        place = log.said(r"Offending (\S+) key in (.*)|Offending key for IP in (.*)")
        known = f", known is {place[1]} ({place[2]})" if place and place[1] else ""
        message = f"{host.place}: its host key has changed: it shows {kind} {shown}{known}"
        return TargetError("host-key-changed", message, hints.key_changed(entry_name(host.host, host.port)))
    if log.said("Host key verification failed") or log.said(r"No .* host key is known for"):
        hint = hints.compare_fingerprint(f"`ssh {host.typed}`")
        return TargetError("host-key-unknown", f"{host.place}: its {kind} host key is unknown: {shown}", hint)
    return None


def _authentication(log: LoginLog, host: Resolved) -> TshootError | None:
    rejection = log.rejection(host.name, by_hand(host.user, host.typed))
    if log.said("Too many authentication failures"):
        return TargetError("auth-rejected", f"{rejection.message}; it said: Too many authentication failures", MANY_KEYS)
    if log.said(r": Permission denied \(.*\)\.$") or log.said("No more authentication methods|Authentication failed"):
        return rejection
    return None


def _greeting(log: LoginLog, host: Resolved) -> TshootError | None:
    if log.phase == "waiting for its greeting" and (busy := says_busy("\n".join(log.greetings))):
        words = f"{host.place}: takes no connection now; it says `{busy[:80]}`"
        return TargetError("closed", words, hints.TURNED_AWAY) if host.proxied else TargetBusy(words, hints.TURNED_AWAY, busy)
    if log.said("banner line (?:too long|contains invalid)|No SSH identification string|Bad remote protocol") or (
        log.greetings and log.phase == "waiting for its greeting"
    ):
        shown = log.greetings[0][:80] if log.greetings else "no text"
        return TargetError("unreachable", f"{host.place}: answers, but not with SSH; it says `{shown}`", "check the port")
    if log.said("timed out during banner exchange"):
        hint = hints.HANGS
        return TargetError("unresponsive", f"{host.place}: accepts the connection and says nothing", hint)
    return None


_STOPS = (
    (r"^Host key for .* has changed|^.*Offending .* key", "host-key-changed"),
    (r"^Host key verification failed|^No .* host key is known for", "host-key-unknown"),
    (r"Permission denied|Too many authentication failures", "auth-rejected"),
    (r"^ssh: Could not resolve|Name or service not known", "name-unknown"),
    (r"Connection refused|administratively prohibited", "refused"),
    (r"no matching .* found\. Their offer", "no-common-algorithm"),
    (r"^ssh: |open failed: ", "unreachable"),
)
_AFTERMATH = ("Connection closed by UNKNOWN", "stdio forwarding failed", "kex_exchange_identification: Connection closed", "@@@")


def _on_the_way(proxy: str, last: str, host: Resolved) -> TargetError:
    """A jump host or proxy command failed: its own words. Of nested jumps the first that failed speaks first, the others of what follows from it."""
    lines = [clean_line(line).strip() for line in proxy[-8192:].splitlines()]
    kind, said = next(((kind, line) for line in lines for pattern, kind in _STOPS if re.search(pattern, line)), ("unreachable", ""))
    said = said or next((line for line in reversed(lines) if line and not line.startswith(_AFTERMATH)), last)
    return TargetError(
        kind, f"{host.place}: the way there stops: {said[:200] or 'its proxy ended without a word'}", _HOP_HINTS.get(kind, _HOP_BY_HOP)
    )


_HOP_BY_HOP = "try the way hop by hop with `ssh`, and look at ProxyJump or ProxyCommand in ssh_config"
_HOP_HINTS = {
    "host-key-changed": "someone may be in the middle. If that host was reinstalled, check at its console, then remove that line and connect again",
}
