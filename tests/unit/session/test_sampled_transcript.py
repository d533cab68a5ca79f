"""A command that is repeated, as lines: the first output whole, then what is new in each, and nothing of what stayed."""

from __future__ import annotations

from tshoot.model.effects import RunCommand, Wait
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Event, Failed, Ok, Waited
from tshoot.session.transcript import transcript_lines

OUTPUTS = [
    b"Known via bgp\n  Last updated 00:00:13 ago\n",
    b"Known via bgp\n  Last updated 00:00:18 ago\n",
    b"Known via eigrp\n  Last updated 00:00:03 ago\n",
    b"Known via eigrp\n  Last updated 00:00:08 ago\n",
    b"Known via bgp\n  Last updated 00:00:01 ago\n",
]


def events() -> list[Event]:
    found: list[Event] = []
    for number, output in enumerate(OUTPUTS, start=1):
        command = RunCommand(f"route:sample-{number}/1@router", "watch", "router", "show ipv6 route 2001:db8::/64", "watch it")
        wait = Wait(f"route:wait-{number}/1", "watch", 5, f"{number} samples")
        at = 10.0 * number
        found += [EffectRequested(at, command), EffectAnswered(at + 1, command.key, Ok(CommandRan(None, output, b"", 0.1)))]
        found += [EffectRequested(at + 1, wait), EffectAnswered(at + 6, wait.key, Ok(Waited(5)))]
    return found


def test_only_what_is_new_is_shown() -> None:
    assert list(transcript_lines(events())) == [
        "",
        "00:00:10  watch it",
        "00:00:10  router $ show ipv6 route 2001:db8::/64",
        "    Known via bgp",
        "      Last updated 00:00:13 ago",
        "00:00:31  router route, sample 3: new in it",
        "    Known via eigrp",
        "00:00:51  router route, sample 5: new in it",
        "    Known via bgp",
    ]


def test_a_sample_that_fails_is_shown_with_its_request() -> None:
    lost = RunCommand("route:sample-6/1@router", "watch", "router", "show ipv6 route 2001:db8::/64", "watch it")
    lines = list(
        transcript_lines([*events(), EffectRequested(70.0, lost), EffectAnswered(71.0, lost.key, Failed("closed", "the connection was lost"))])
    )
    assert lines[-2:] == ["00:01:11  router $ show ipv6 route 2001:db8::/64", "    failed (closed): the connection was lost"]
