"""targets.yaml: what it says, byte by byte, and every problem of it at once, each with its place."""

from __future__ import annotations

import time

import pytest

from tshoot.errors import InventoryError
from tshoot.inventory.entries import Entry
from tshoot.inventory.own import read_own

GOOD = """
targets:
  esx01:
    address: 192.0.2.10
    user: root
    port: 2222
    platform: vmware_esxi
    transport: openssh
    tags: [prod, "role:esx"]
  leaf1: admin@192.0.2.21:22
  v6: {address: "[2001:db8::1]:830", transport: auto}
  no:
groups:
  esx-prod: [esx01, esx02]
  all: ["@esx-prod", leaf1, "@all"]
"""


def test_what_it_says() -> None:
    esx01, leaf1, v6, no, esx02 = read_own(GOOD, "t.yaml").entries
    assert esx01 == Entry(
        "esx01",
        "t.yaml:3",
        "192.0.2.10",
        "root",
        2222,
        "vmware_esxi",
        "platform: vmware_esxi",
        "openssh",
        ("esx-prod", "all", "prod", "role:esx"),
    )
    assert leaf1 == Entry("leaf1", "t.yaml:10", "192.0.2.21", "admin", 22, groups=("all",))
    assert (v6.host, v6.port, v6.transport, v6.groups) == ("2001:db8::1", 830, "", ())
    assert (no.name, no.host) == ("no", ""), "`no` is a name, not false"
    assert esx02 == Entry("esx02", "t.yaml:14", groups=("esx-prod", "all")), "a name that another source explains"


def test_nothing_is_an_empty_list() -> None:
    assert read_own("", "t.yaml").entries == read_own("targets:\n", "t.yaml").entries == ()


def test_all_problems_at_once_in_their_order() -> None:
    text = """targets:
  esx 1: 192.0.2.1
  -oProxyCommand=x: 192.0.2.2
  a: {adress: 192.0.2.3, password: hunter2, port: 65536, platform: esxi, transport: telnet, user: "a:b", tags: x}
  b: "root@;reboot"
  c: [1]
  d: {tags: ["x y", "@g"]}
target: {}
groups:
  g: [esx01, "@k", "../../etc/passwd"]
  h: 7
"""
    with pytest.raises(InventoryError) as caught:
        read_own(text, "t.yaml")
    told = caught.value.problems
    assert [problem.split(": ")[0] for problem in told] == [
        "t.yaml:2:3",
        "t.yaml:3:3",
        "t.yaml:4:7",
        "t.yaml:4:26",
        "t.yaml:4:51",
        "t.yaml:4:68",
        "t.yaml:4:85",
        "t.yaml:4:99",
        "t.yaml:4:112",
        "t.yaml:5:6",
        "t.yaml:6:6",
        "t.yaml:7:14",
        "t.yaml:7:21",
        "t.yaml:8:1",
        "t.yaml:10:14",
        "t.yaml:10:20",
        "t.yaml:11:6",
    ]
    assert "did you mean `address`?" in told[2]
    assert "no secret is taken from a file" in told[3]
    assert not any("hunter2" in problem or "a:b" in problem for problem in told)


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("targets: {a: 1, a: 2}", "1:17", "a second time"),
        ("targets: [a]", "1:10", "expected keys and values, not a list"),
        ("- a", "1:1", "expected keys and values"),
        ("targets:\n  a: *x\n", "2:6", "an alias"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "2:8", "an alias"),
        ("targets: !!python/object/apply:os.system [id]", "1:10", "a tag"),
        ("targets:\n  a: \x07\n", "2:6", "does not allow"),
        ("[" * 100_000, "1:41", "nested deeper"),
        ("\n".join(" " * depth + "a:" for depth in range(60)), "41:41", "nested deeper"),
        ("targets: {a: 1\n", "2:1", ""),
        ("--- {}\n--- {}\n", "2:1", "a second document"),
        ("? [a]\n: 1\n", "1:3", "a key must be text"),
        ('targets: {"\\ud800": x}', "1:14", ""),
    ],
)
def test_what_is_no_list_is_refused_with_its_place(text: str, place: str, why: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read_own(text, "t.yaml")
    assert caught.value.problems[0].startswith(f"t.yaml:{place}: ")
    assert why in caught.value.problems[0]


def test_a_thousand_problems_are_told_as_fifty() -> None:
    with pytest.raises(InventoryError) as caught:
        read_own("targets:\n" + "".join(f"  'a b{number}': x\n" for number in range(1000)), "t.yaml")
    assert len(caught.value.problems) == 51
    assert caught.value.problems[-1] == "t.yaml: … and 950 more"


def test_ten_thousand_targets_are_read_within_a_second() -> None:
    lines = (
        f"  esx-{number:05d}: {{address: 192.0.2.{number % 250}, user: root, platform: vmware_esxi, tags: [prod, esx]}}\n" for number in range(10_000)
    )
    text = "targets:\n" + "".join(lines)
    took = []
    for _ in range(2):  # the machine may be busy with something else
        began = time.process_time()
        assert len(read_own(text, "t.yaml").entries) == 10_000
        took.append(time.process_time() - began)
        if took[-1] < 1.0:
            break
    assert min(took) < 1.0
