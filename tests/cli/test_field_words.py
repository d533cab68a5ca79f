"""Words for fields: every field that a fixture's proof rests on has some; filters are Wireshark's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tshoot.cli.analysis_plot import squeezed
from tshoot.cli.field_words import _FIELDS, as_filter, in_words

CAPTURES = Path(__file__).parents[2] / "fixtures/captures"
PROVEN = {field for path in CAPTURES.glob("*/*.json") for field in (json.loads(path.read_text()).get("fields") or {})}


def test_every_field_of_a_proof_has_words() -> None:
    assert len(PROVEN) > 20
    assert {field for field in PROVEN if field not in _FIELDS} == set()


def test_every_field_is_one_of_wiresharks() -> None:
    said = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, check=True, errors="replace").stdout
    names = {row[2] for row in (line.split("\t") for line in said.splitlines()) if row[0] == "F"}
    assert _FIELDS.keys() <= names


@pytest.mark.parametrize(
    ("field", "value", "words", "filter_"),
    [
        ("mount.status", "13", "answer to the mount: access denied (13)", "mount.status == 13"),
        ("mount.status", "99", "answer to the mount: 99", "mount.status == 99"),
        ("mount.path", "/vol/ds1", "path to mount: /vol/ds1", 'mount.path == "/vol/ds1"'),
        ("tcp.flags.reset", "1", "connection refused or torn down (RST)", "tcp.flags.reset == 1"),
        ("tcp.flags.ack", "0", "no ACK", "tcp.flags.ack == 0"),
        ("eth.src", "c4:17:fe:12:7d:75", "MAC address it came from: c4:17:fe:12:7d:75", "eth.src == c4:17:fe:12:7d:75"),
        ("odd.field", 'a" or 1', 'odd.field: a" or 1', 'odd.field == "a\\" or 1"'),
        ("odd.field", "", "odd.field: ", "odd.field"),
    ],
)
def test_words_and_filters(field: str, value: str, words: str, filter_: str) -> None:
    assert (in_words(field, value), as_filter(field, value)) == (words, filter_)


@pytest.mark.parametrize(("amounts", "columns"), [((1, 2, 3), 3), ((1, 2, 3, 4, 5), 2), (tuple(range(480)), 62), ((7,), 1)])
def test_squeezing_loses_nothing(amounts: tuple[int, ...], columns: int) -> None:
    found = squeezed(amounts, columns)
    assert len(found) == columns and sum(found) == sum(amounts)
