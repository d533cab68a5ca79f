"""What a detector is given and what it must say of itself.

A detector is one file in `packets/detect/`, found by scanning the folder, pure: frames in, findings out.
It defines one public object, `DETECTOR`, which satisfies `Detector`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tshoot.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Layer:
    """One protocol layer of one frame, in order of appearance; a protocol that repeats appears again.

    `fields` maps Wireshark's field name to its values in order, as tshark shows them raw (`show` attribute).
    """

    name: str
    fields: Mapping[str, tuple[str, ...]]

    def first(self, name: str, default: str = "") -> str:
        values = self.fields.get(name)
        return values[0] if values else default

    def number(self, name: str) -> int | None:
        """The first value as an integer (decimal or 0x…), None where absent or no number."""
        try:
            return int(self.first(name), 0)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Frame:
    """`number` counts from 1 in the file the user gave; `time` is seconds since the epoch."""

    number: int
    time: float
    length: int
    captured: int
    layers: tuple[Layer, ...] = field(default_factory=tuple)

    def all(self, name: str) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if layer.name == name)

    def get(self, name: str) -> Layer | None:
        return next((layer for layer in self.layers if layer.name == name), None)


@dataclass(frozen=True, slots=True)
class Detection:
    """Findings, and counts of what was looked at (`nfs.mount-call`: 1), so that silence can be told from absence.

    `explains`: cause -> the causes that in this very capture follow from it, where the detector's own `explains` would say too much.
    """

    findings: tuple[Finding, ...] = ()
    seen: Mapping[str, int] = field(default_factory=dict)
    explains: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Detector(Protocol):
    """Further attributes that a detector may have:

    - `from_flows(index: FlowIndex) -> Iterable[int]`: numbers of frames, from the index's lists, that it wants decoded too;
    - `judge_flows(index: FlowIndex) -> Detection`: what it finds without a decoded frame, also where tshark is missing;
    - `without_bulk = "rpc"`: of the frames that `capture_filter` takes, RPC's reads and writes that succeed may be left out
      of a large capture, and all but a sample of the other calls that succeed (`rpc_bulk` says which).

    - `beneath`: names of `seen` that count connections whatever they carry: where these alone are seen, nothing is called healthy.

    A detector that lives on the flow index alone leaves `display_filter` empty and gives `no_frames = True`.
    """

    family: str  # "nfs"
    causes: Mapping[str, str]  # cause id -> what in the capture proves it, and which healthy look-alike is excluded
    seen: Mapping[str, str]  # what `Detection.seen` can count -> what it means
    capture_filter: str  # BPF: every frame that it could ever want
    display_filter: str  # tshark: the same, narrower
    decode_as: Sequence[str]  # tshark -d arguments, e.g. "tcp.port==3260,iscsi"

    def detect(self, frames: Iterable[Frame]) -> Detection: ...
