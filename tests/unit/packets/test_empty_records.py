"""Captures of records by the hundred thousand without a byte: 16 bytes of file each. Memory stays flat, tshark is given none of them, all are counted."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import pytest
from capture_samples import block, pcap, section

from tshoot.cancel import CancelToken
from tshoot.packets.batches import Batch
from tshoot.packets.container import inspect
from tshoot.packets.detect import detectors
from tshoot.packets.headers import read_headers
from tshoot.packets.reading import Reading
from tshoot.packets.survey import TOGETHER

COUNT = 120_000
EMPTY = {
    "pcap": pcap([]) + bytes(16) * COUNT,
    "pcap, other byte order": pcap([], ">") + bytes(16) * COUNT,
    "pcapng": section([]) + block(3, struct.pack("<I", 0)) * COUNT,
    "pcapng, enhanced": section([]) + block(6, bytes(20)) * COUNT,
}


@pytest.mark.parametrize("form", EMPTY)
def test_empty_records_come_in_bounded_batches(form: str, tmp_path: Path) -> None:
    path, sizes, firsts = tmp_path / "empty", list[int](), list[int]()
    path.write_bytes(EMPTY[form])

    def take(batch: Batch) -> None:
        sizes.append(len(batch))
        firsts.append(batch.first)
        read_headers(batch)

    tracemalloc.start()
    with inspect(path, CancelToken(), take) as found:
        most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.packets, found.partial) == (COUNT, False)
    assert max(sizes) <= TOGETHER
    assert firsts == [1 + sum(sizes[:index]) for index in range(len(sizes))]
    assert most < 60 << 20


def test_tshark_is_given_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(EMPTY["pcap"])
    from tshoot.packets.limits import Limits

    reading = Reading(detectors(()), CancelToken(), Limits())
    with inspect(path, CancelToken(), reading.take):
        assert not reading._selection.everything
        assert len(reading._selection.frames()) == 0
    reading.close()
