"""A machine without tshark: what the headers alone show is reported, what needs tshark is named with how to get it, and 5 only where nothing was decided."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.cli.commandline import Home

CAPTURES = Path(__file__).resolve().parents[2] / "fixtures/captures"
BLACK_HOLE = CAPTURES / "path.mtu-mismatch/black-hole.pcap"
DENIED = CAPTURES / "nfs.mount-denied/over-tcp.pcap"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "bin").mkdir()
    return Home(tmp_path)


def path_without_tshark(home: Home) -> str:
    return str(home.folder / "bin")


def test_what_the_headers_show_is_found(home: Home) -> None:
    got = home.run("analyze", str(BLACK_HOLE), PATH=path_without_tshark(home))
    assert got.code == 1
    assert "FAULT  path.mtu-mismatch" in got.said
    words = " ".join(got.said.split())
    assert "tshark is not installed here" in words
    assert "nfs" in words


def test_so_it_is_in_json(home: Home) -> None:
    got = home.run("analyze", "--json", str(BLACK_HOLE), PATH=path_without_tshark(home))
    [file] = got.document()["files"]
    assert (got.code, file["verdict"]["cause"]) == (1, "path.mtu-mismatch")
    assert file["partial"] is True
    assert "tshark" in file["remark"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_nothing_decided_is_5_with_how_to_get_it(home: Home, form: tuple[str, ...]) -> None:
    got = home.run("analyze", *form, str(DENIED), PATH=path_without_tshark(home))
    assert got.code == 5
    said = " ".join(got.error.decode().split())
    assert "tshark is not installed here" in said
    assert "apt-get install tshark" in said


def test_a_file_that_is_decided_outweighs_one_that_is_not(home: Home) -> None:
    got = home.run("analyze", "--json", str(DENIED), str(BLACK_HOLE), PATH=path_without_tshark(home))
    assert got.code == 1
    assert [file["verdict"]["cause"] for file in got.document()["files"]] == ["path.mtu-mismatch"]
    assert [Path(error["file"]).name for error in got.document()["errors"]] == [DENIED.name]


def test_a_compressed_one_and_a_large_one(home: Home) -> None:
    squeezed, large = home.folder / "squeezed.pcap.gz", home.folder / "large.pcap"
    squeezed.write_bytes(gzip.compress(BLACK_HOLE.read_bytes()))
    content = BLACK_HOLE.read_bytes()
    large.write_bytes(content + (content[24 : 24 + 16] + content[40 : 40 + int.from_bytes(content[32:36], "little")]) * 30_000)
    for file in (squeezed, large):
        got = home.run("analyze", "--json", str(file), PATH=path_without_tshark(home))
        causes = {finding["cause"] for finding in got.document()["files"][0]["findings"]}
        assert (got.code, causes & {"path.mtu-mismatch"}) == (1, {"path.mtu-mismatch"}), got.said


def test_with_it_again_all_is_judged(home: Home) -> None:
    assert home.run("analyze", str(DENIED), PATH=os.environ["PATH"]).code == 1
