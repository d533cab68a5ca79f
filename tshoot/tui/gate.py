"""Who may use the interface that is served to a browser: the rules alone, without a server."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

COMMON_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing from elsewhere is loaded (the page of textual-serve names a font of Google's), and no other page frames this one.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; connect-src 'self';"
        " img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


class Gate:
    """Closed until `open` tells the port and the token. `cookie` stands for the token after the first request."""

    def __init__(self) -> None:
        self.cookie = secrets.token_urlsafe(32)
        self.cookie_name = ""
        self._token = ""
        self._hosts: frozenset[str] = frozenset()

    def open(self, port: int, token: str) -> None:
        self._token, self.cookie_name = token, f"tshoot-{port}"  # cookies know no ports: two servers have two names
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})

    def refused(self, headers: Mapping[str, str], cookies: Mapping[str, str], token: str, *, websocket: bool) -> str:
        """Why a request is refused; "" where it is not."""
        host = headers.get("Host", "")
        if host not in self._hosts:
            return "this server answers to 127.0.0.1 and localhost only"
        origin = headers.get("Origin", "")
        if (origin or websocket) and urlsplit(origin)[:2] != ("http", host):
            return "the request comes from another page"
        if not (_same(token, self._token) or _same(cookies.get(self.cookie_name, ""), self.cookie)):
            return "open the URL that `tshoot serve` printed; it holds a token"
        return ""


def _same(given: str, wanted: str) -> bool:
    """In constant time; an empty secret fits nothing."""
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
