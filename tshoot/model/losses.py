"""What a capture may have missed, by what was told of it: how it ended, and what the target dropped; and which findings that makes less sure."""

from __future__ import annotations

from tshoot.model.events import CaptureTaken
from tshoot.model.findings import Finding

DROPPED_SHARE = 0.001  # below, packets that were lost are said and weaken nothing
_BY_SILENCE = {
    "path.filtered", "path.unreachable", "path.asymmetric", "ndp.unanswered-solicitation", "ndp.no-router",
    "nfs.portmapper-unreachable", "nfs.mountd-blocked", "nfs.nfsd-blocked",
}  # fmt: skip
_REJECTED = {"refused", "prohibited"}  # `how` of a finding whose proof is an answer
_SLACK = 1.0  # seconds between the end of a capture and of what was done during it: the way of the answers


def missed_by(taken: CaptureTaken, needed: float) -> str:
    """Why what is not in the capture may have happened all the same, "" where nothing speaks for that.

    `needed`: seconds from its beginning until all was done that it was for.
    """
    texts = []
    late = needed - taken.seconds
    if taken.stopped_by != "operator" and late > _SLACK:
        texts.append(f"the capture ended (stopped by {taken.stopped_by}) {late:.0f} s before all was done that it was for")
    if taken.dropped:
        of = max(taken.received or 0, taken.dropped)
        if taken.dropped / of >= DROPPED_SHARE:
            texts.append(f"the target dropped {taken.dropped:,} of {of:,} packets")
    return "; ".join(texts)


def rests_on_silence(finding: Finding) -> bool:
    """Its proof is an answer that is not there: a capture that lost packets may have lost it."""
    return finding.cause in _BY_SILENCE and finding.facts.get("how") not in _REJECTED and "reporter" not in finding.facts
