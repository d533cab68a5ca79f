"""`tshoot serve`: the gate by itself, the server asked rudely, and one story in a real browser."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tshoot.tui.gate import Gate

ROOT = Path(__file__).parents[2]
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
TOKEN = "the-token"
# xterm.js keeps its core in the property `_core` of the terminal that the page made: so a test finds the terminal in somebody else's page.
FIND_TERMINAL = """
Object.defineProperty(Object.prototype, '_core', {configurable: true, set(value) {
  Object.defineProperty(this, '_core', {value, writable: true, configurable: true});
  if (this.buffer) window.theTerminal = this;
}});
"""
READ_TERMINAL = """
(() => { const t = window.theTerminal; if (!t) return ''; const b = t.buffer.active;
return Array.from({length: t.rows}, (_, y) => b.getLine(b.viewportY + y)?.translateToString(true) ?? '').join('\\n'); })()
"""


@pytest.fixture
def gate() -> Gate:
    gate = Gate()
    gate.open(8000, TOKEN)
    return gate


@pytest.mark.parametrize(
    ("headers", "token", "websocket", "why"),
    [
        ({"Host": "127.0.0.1:8000"}, TOKEN, False, ""),
        ({"Host": "localhost:8000"}, TOKEN, False, ""),
        ({"Host": "127.0.0.1:8000"}, "", False, "token"),
        ({"Host": "127.0.0.1:8000"}, TOKEN[:-1], False, "token"),
        ({"Host": "127.0.0.1:8000"}, "ünïcode", False, "token"),
        ({"Host": "127.0.0.1:8000"}, "\ud800", False, "token"),
        ({}, TOKEN, False, "127.0.0.1"),
        ({"Host": "evil.example:8000"}, TOKEN, False, "127.0.0.1"),
        ({"Host": "127.0.0.1:8001"}, TOKEN, False, "127.0.0.1"),
        ({"Host": "127.0.0.1:8000"}, TOKEN, True, "another page"),
        ({"Host": "127.0.0.1:8000", "Origin": "http://evil.example"}, TOKEN, True, "another page"),
        ({"Host": "127.0.0.1:8000", "Origin": "http://localhost:8000"}, TOKEN, True, "another page"),
        ({"Host": "127.0.0.1:8000", "Origin": "https://127.0.0.1:8000"}, TOKEN, True, "another page"),
        ({"Host": "127.0.0.1:8000", "Origin": "null"}, TOKEN, False, "another page"),
        ({"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}, TOKEN, True, ""),
    ],
)
def test_the_gate(gate: Gate, headers: dict[str, str], token: str, websocket: bool, why: str) -> None:
    refused = gate.refused(headers, {}, token, websocket=websocket)
    assert why in refused
    assert bool(refused) == bool(why)


def test_the_cookie_stands_for_the_token_of_this_server_alone(gate: Gate) -> None:
    host = {"Host": "127.0.0.1:8000"}
    assert not gate.refused(host, {"tshoot-8000": gate.cookie}, "", websocket=False)
    assert gate.refused(host, {"tshoot-8001": gate.cookie}, "", websocket=False)
    assert gate.refused(host, {"tshoot-8000": TOKEN}, "", websocket=False)


def test_a_gate_that_was_not_opened_lets_nobody_in() -> None:
    assert Gate().refused({"Host": "127.0.0.1:8000"}, {"": ""}, "", websocket=False)


# --- the server --------------------------------------------------------------------------------------


class Served:
    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config"), "PYTHONUNBUFFERED": "1"}
        words = [sys.executable, "-m", "tshoot", "serve"]
        self.process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip() if self.process.stdout else ""
        self.base, _, self.token = self.url.partition("?token=")

    def children(self) -> list[int]:
        return [int(word) for word in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    if served.process.poll() is None:
        served.process.kill()
    served.process.communicate()


def gone(pids: list[int], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


async def test_who_is_let_in_and_that_all_pages_end_with_the_server(served: Served) -> None:
    assert served.base.startswith("http://127.0.0.1:")
    assert len(served.token) > 40
    async with aiohttp.ClientSession() as stranger:
        for path in ("", "?token=wrong", "ws", "static/js/textual.js", "static/", "download/x", "nothing"):
            async with stranger.get(served.base + path, allow_redirects=False) as answer:
                assert answer.status == 403, path
                assert "set-cookie" not in answer.headers
        async with stranger.get(served.url, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as page:
        async with page.get(served.url) as answer:
            assert answer.status == 200
            assert str(answer.url) == served.base  # the token has gone from the address
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with page.get(served.base + "static/js/textual.js") as answer:
            assert answer.status == 200
        for origin in ({}, {"Origin": "http://evil.example"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await page.ws_connect(served.base + "ws", headers=origin)
            assert refused.value.status == 403
        assert served.children() == []
        own = {"Origin": served.base.rstrip("/")}
        async with page.ws_connect(served.base + "ws?width=80&height=24", headers=own) as first:
            assert (await first.receive_bytes()).startswith(b"\x1b")
            assert len(served.children()) == 1
            broken = await page.ws_connect(served.base + "ws?width=99999999&height=-1", headers=own)
            await broken.receive_bytes()
            one, other = served.children()
            await broken.send_str('{"no": "message"}')
            while (await broken.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                pass
            assert gone([other]), "what is no message of a page ends that page"
            pids = served.children()
            assert pids == [one]
            served.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(served.process.wait, 60)
            assert gone(pids)
    assert served.process.returncode == 0


async def test_pages_end_when_the_server_is_killed(served: Served) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as page:
        await page.get(served.url)
        async with page.ws_connect(served.base + "ws", headers={"Origin": served.base.rstrip("/")}) as socket:
            await socket.receive_bytes()
            pids = served.children()
            assert pids
            served.process.kill()
            served.process.wait()
            assert await asyncio.to_thread(gone, pids)


# --- a real browser ----------------------------------------------------------------------------------


class Browser:
    """One page of a headless Chromium, driven over the DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            answer = json.loads((await self._socket.receive(timeout=60)).data)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    async def screen(self) -> str:
        return str((await self.call("Runtime.evaluate", expression=READ_TERMINAL, returnByValue=True))["result"]["value"])

    async def wait_for(self, text: str, seconds: float = 60.0) -> str:
        deadline = time.monotonic() + seconds
        while text not in (screen := await self.screen()):
            assert time.monotonic() < deadline, f"waited for {text!r}; on the page:\n{screen}"
            await asyncio.sleep(0.1)
        return screen

    async def type(self, text: str) -> None:
        await self.call("Runtime.evaluate", expression="window.theTerminal.focus()")
        for letter in text:
            await self.call("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
            await self.call("Input.dispatchKeyEvent", type="keyUp", key=letter)


@contextlib.asynccontextmanager
async def browser(profile: Path):
    words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    offline = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--window-size=1200,800"]
    process = subprocess.Popen([str(CHROMIUM), *words, *offline, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (said := profile / "DevToolsActivePort").exists() or not said.read_text().strip():
            assert time.monotonic() < deadline, "Chromium did not start"
            await asyncio.sleep(0.05)
        port = said.read_text().split()[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                page = next(target for target in await answer.json() if target["type"] == "page")
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=1 << 26) as socket:
                yield Browser(socket)
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_a_symptom_typed_in_a_browser_finds_its_playbook(served: Served, tmp_path: Path) -> None:
    async with browser(tmp_path / "profile") as page:
        await page.call("Page.enable")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=FIND_TERMINAL)
        await page.call("Page.navigate", url=served.url)
        await page.wait_for("bgp-walker-flap")
        pids = served.children()
        await page.type("mount denied")
        await page.wait_for("mount denied")
        screen = await page.wait_for("host is ‹host›")
        assert screen.index("nfs-mount") < screen.index("Recent sessions")
        picture = base64.b64decode((await page.call("Page.captureScreenshot"))["data"])
        assert picture.startswith(b"\x89PNG")
        (tmp_path / "page.png").write_bytes(picture)
        if kept := os.environ.get("TSHOOT_KEEP_PICTURE"):
            Path(kept).write_bytes(picture)
        assert "token" not in str((await page.call("Runtime.evaluate", expression="location.href"))["result"]["value"])
        await page.call("Page.navigate", url="about:blank")
        assert await asyncio.to_thread(gone, pids), "the page was left, its process was not"
