"""What the detectors said of a pulled capture, and what is missing from it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.model.effects import Decode
from tshoot.model.events import Decoded
from tshoot.performers.decode import decode_capture
from tshoot.shipped import shipped

CAPTURE = shipped("fixtures/scenarios") / "nfs-mount" / "lab-allowed" / "host.pcap"


def decoded(path: Path) -> Decoded:
    return decode_capture(Decode("trace:decode/1@host", "trace", "host", "ab" * 32, ("nfs",)), path, CancelToken(), lambda progress: None)


def test_a_capture_with_gaps_is_not_whole(tmp_path: Path) -> None:
    whole, gaps = decoded(CAPTURE), tmp_path / "gaps.pcap"
    subprocess.run(["editcap", "-F", "pcap", CAPTURE, gaps, "43", "47", "93", "97", "154"], check=True)
    assert (whole.partial, whole.remark) == (False, "")
    missing = decoded(gaps)
    assert missing.packets == whole.packets - 5
    assert missing.partial
    assert "data is missing in 4 places" in missing.remark
