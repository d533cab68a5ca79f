"""The interface in a browser of this machine: textual-serve behind a gate.

Who may open it could run commands on your targets, so: loopback only; every request, the websocket and the static files included, needs the
random token of the printed URL, or the cookie that it is exchanged for (both compared in constant time); a Host header that does not name
this server is refused (DNS rebinding), as is a websocket from another origin. Each page has a process of its own, which ends with the page; all end
with the server. The only importer of textual-serve and aiohttp.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp_jinja2
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from tshoot.errors import UsageError
from tshoot.tui.gate import COMMON_HEADERS, Gate

MOST_PAGES = 8  # open at once, each a process
_STOP = 14.0  # seconds that a run has to clean up on its targets; the interface itself gives up after 12


class Serving(Server):
    """`begin`, then `url` is what the operator opens; `end` lets no process live."""

    def __init__(self, port: int) -> None:
        super().__init__(f"exec {shlex.quote(sys.executable)} -m tshoot.tui", "127.0.0.1", port, "tshoot")
        self.token = secrets.token_urlsafe(32)
        self.services: set[AppService] = set()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    async def begin(self) -> None:
        """Listen; `port` is the real one from then on. UsageError where it is taken."""
        self._runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=1.0)  # a log of requests would hold the token
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise UsageError(f"port {self.port} of 127.0.0.1 cannot be listened on: {error.strerror}", "`--port 0` takes one that is free") from error
        self.port = int(self._runner.addresses[0][1])
        self.gate.open(self.port, self.token)

    async def end(self) -> None:
        await asyncio.gather(*(_ended(service) for service in tuple(self.services)))
        if self._runner:
            await self._runner.cleanup()

    async def _make_app(self) -> web.Application:
        self.gate = Gate()
        app = web.Application(middlewares=[self._gated])
        import jinja2

        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(self.templates_path), autoescape=True)
        app.router.add_get("/", self.handle_index)
        app.router.add_get("/ws", self.handle_websocket)
        app.router.add_static("/static", self.statics_path)
        return app

    @web.middleware
    async def _gated(self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        token = request.query.get("token", "")
        why = self.gate.refused(request.headers, request.cookies, token, websocket=request.path == "/ws")
        if why:
            return web.Response(status=403, text=f"403: {why}\n", headers=COMMON_HEADERS)
        if token and request.path == "/":
            answer = web.Response(status=303, headers={"Location": "/", **COMMON_HEADERS})  # so the token does not stay in the address
            answer.set_cookie(self.gate.cookie_name, self.gate.cookie, httponly=True, samesite="Strict", path="/")
            return answer
        response = await handler(request)
        if not response.prepared:
            response.headers.update(COMMON_HEADERS)
        return response

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        context = {
            "font_size": 16,
            "app_websocket_url": f"ws://{request.host}/ws",
            "config": {"static": {"url": "/static/"}},
            "application": {"name": self.title},
        }
        return aiohttp_jinja2.render_template("app_index.html", request, context)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One page: a process that lives as long as the socket."""
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=1 << 20)
        await socket.prepare(request)
        if len(self.services) >= MOST_PAGES:
            await socket.close(code=1013, message=b"too many pages are open")
            return socket
        service = AppService(
            self.command,
            write_bytes=_unless_gone(socket.send_bytes),
            write_str=_unless_gone(socket.send_str),
            close=_closing(socket),
            download_manager=self.download_manager,
        )
        self.services.add(service)
        try:
            await service.start(_columns(request, "width", 80), _columns(request, "height", 24))
            await self._process_messages(socket, service)
        except (ValueError, TypeError, LookupError, AssertionError, OSError):  # what is no message of the page ends it
            await socket.close(code=1007)
        finally:
            await asyncio.shield(_ended(service))
            self.services.discard(service)
        return socket


def _unless_gone(send: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def sent(data: object) -> None:
        with suppress(ConnectionError):
            await send(data)

    return sent


def _closing(socket: web.WebSocketResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await socket.close()

    return close


def _columns(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name, "")
    return min(max(int(value), 10), 500) if value.isdecimal() and len(value) < 6 else default


async def _ended(service: AppService) -> None:
    """Tell the interface to leave, which stops its run and cleans up; kill what does not."""
    process = service._process
    if process is None:
        return
    with suppress(OSError, RuntimeError):
        await service.send_meta({"type": "quit"})
    try:
        await asyncio.wait_for(process.wait(), _STOP)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def serve(port: int, tell: Callable[[str], object]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `tell` gets the URL once. UsageError where the port is taken."""

    async def served() -> None:
        loop, over, serving = asyncio.get_running_loop(), asyncio.Event(), Serving(port)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, over.set)
        await serving.begin()
        try:
            tell(serving.url)
            await over.wait()
        finally:
            await serving.end()

    os.environ.pop("TEXTUAL", None)  # no developer's console in the pages
    asyncio.run(served())
