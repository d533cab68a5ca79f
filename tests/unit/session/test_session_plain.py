"""The verdict that scripts read: its keys are a promise."""

from __future__ import annotations

import json

from session_samples import VERDICT

from tshoot.model.verdicts import Verdict
from tshoot.session.plain import verdict_json


def test_the_keys_are_those_of_the_contract() -> None:
    document = json.loads(json.dumps(verdict_json(VERDICT)))
    keys = ["kind", "cause", "title", "reason", "evidence", "ruled_out", "path", "fix", "verify", "owner", "missing", "next_steps"]
    assert list(document) == keys
    assert (document["kind"], document["cause"], document["owner"]) == ("fault", "nfs.mount-denied", "storage")
    assert list(verdict_json(Verdict("inconclusive", "nothing was seen", missing=("a capture",)))) == keys


def test_each_citation_says_its_kind() -> None:
    frame, line, answer, failure = verdict_json(VERDICT)["evidence"]
    assert (frame["kind"], frame["frame"], frame["field"], frame["value"]) == ("frame", 18, "mount.status", "13")
    assert (line["kind"], line["first"], line["last"], line["command"], line["fact"]) == ("line", 2, 2, "esxcfg-vmknic -l", "by_name.vmk0.mtu")
    assert (answer["kind"], answer["answer"]) == ("answer", "yes")
    assert (failure["kind"], failure["failure"]) == ("failure", "timeout")


def test_the_path_holds_every_condition_with_what_it_read() -> None:
    (step,) = verdict_json(VERDICT)["path"]
    assert (step["node"], step["leads_to"]) == ("trace", "nfs.mount-denied")
    assert [(condition["outcome"], condition["readings"][0]["value"]) for condition in step["conditions"]] == [("false", "1500"), ("true", "True")]
    assert step["conditions"][0]["readings"][0]["evidence"][0]["kind"] == "line"


def test_hostile_text_is_clean() -> None:
    document = verdict_json(Verdict("fault", "said \x1b[2Jno\x9b1m", missing=("a\x00b",)))
    assert document["reason"] == "said no" and document["missing"] == ["ab"]
