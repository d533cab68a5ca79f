"""The page in a real browser: nothing that a device said runs or loads anything, and nothing is wider than a phone, a desktop or paper."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from report_samples import fault, hostile_session, write_session

from tests.recorded_sessions import Recorded
from tests.tui.test_tui_serve import CHROMIUM, browser
from tests.unit.retrace.retraced import one_of_each_kind
from tshoot.cli.main import run_words

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
ROOT = Path(__file__).parents[3]
SIZES = ((390, 844), (1440, 900))
WIDER = """(() => { const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
const cut = [...document.querySelectorAll('h1, h2, p, dd, li, a')].filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline');
return wide + ' ' + cut.map(e => e.textContent.slice(0, 60)).join('|'); })()"""


def page(folder: Path, target: Path) -> Path:
    assert run_words(["sessions", "report", str(folder), "--format", "html", "-o", str(target)]) == 0
    return target


def spiteful(root: Path, port: int) -> Path:
    """A session whose device prints everything that makes a page run or load something."""
    there = f"http://127.0.0.1:{port}/"
    output = (
        f"</pre></style></script><script>document.title='owned';fetch('{there}a')</script><img src='{there}b' onerror=\"document.title='owned'\">\n"
        f"<svg onload=\"document.title='owned'\"><style>@import url({there}c); body {{ background: url({there}d) }}</style></svg>\n"
        f"<meta http-equiv=refresh content='0;url={there}e'><link rel=stylesheet href={there}f><iframe src={there}g></iframe>\n"
        f"<a href='javascript:document.title=1' ping='{there}h'>x</a><base href={there}><object data={there}i></object><video src={there}j autoplay>\n"
    ).encode()
    return write_session(root, fault(f"cat <script src={there}k></script>", output, 1, 4))


async def value(chromium: Any, expression: str) -> Any:
    return (await chromium.call("Runtime.evaluate", expression=expression, returnByValue=True))["result"].get("value")


async def shown(chromium: Any, path: Path) -> None:
    await chromium.call("Page.navigate", url=path.as_uri())
    for _ in range(600):
        if await value(chromium, "location.href + ' ' + document.readyState") == f"{path.as_uri()} complete":
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"{path.name} was not shown")


async def test_pages_in_a_browser(tmp_path: Path, recorded: Recorded) -> None:
    asked: list[bytes] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    kinds = {name.split("/")[0] + name[-3:]: recorded(name) for name in one_of_each_kind()[::7]}
    assert run_words(["sessions", "import", str(ROOT / "fixtures/recordings/router.putty.log"), "--record", str(tmp_path / "own")]) in (0, 1)
    kinds["imported"] = next((tmp_path / "own").glob("2*"))
    kinds["hostile"] = write_session(tmp_path / "hostile", hostile_session())
    kinds["spiteful"] = spiteful(tmp_path / "spiteful", port)
    pages = {name: page(folder, tmp_path / f"{name}.html") for name, folder in kinds.items()}
    assert "are not where the log says" not in pages["imported"].read_text()
    async with server, browser(tmp_path / "profile") as chromium:
        # that the listener would be asked, and a script run, where nothing forbids it
        (tmp_path / "open.html").write_text(f"<title>x</title><img src=http://127.0.0.1:{port}/open><script>document.title='ran'</script>")
        await shown(chromium, tmp_path / "open.html")
        assert await value(chromium, "document.title") == "ran"
        assert len(asked) == 1
        for name, path in pages.items():
            for width, height in SIZES:
                await chromium.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
                await shown(chromium, path)
                assert await value(chromium, WIDER) == "0 ", (name, width)
            title = await value(chromium, "document.title")
            assert "owned" not in title
            assert await value(chromium, "document.querySelectorAll('script, img, iframe, object, link, base, video').length") == 0
            assert await value(
                chromium, "document.querySelector('meta[http-equiv=\"Content-Security-Policy\"]').content.startsWith(\"default-src 'none'\")"
            )
        assert "document.title='owned'" in await value(chromium, "document.body.textContent"), "what the device said is shown"
        paper = base64.b64decode((await chromium.call("Page.printToPDF", printBackground=True))["data"])
        assert paper.startswith(b"%PDF-")
        assert len(asked) == 1, asked
