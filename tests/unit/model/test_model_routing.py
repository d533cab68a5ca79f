"""Series, periods and circles of routes: the one place where they are judged."""

from __future__ import annotations

import pytest

from tshoot.model.routing import alternation, covers, cycle, in_own_prefix, recursion


def polled(every: float, span: float, states: dict[str, float], phase: float = 0.0) -> list[tuple[float, str]]:
    """Samples of states that follow each other in turn, each for its seconds."""
    whole = sum(states.values())

    def at(time: float) -> str:
        rest = (time + phase) % whole
        for name, lasts in states.items():
            if rest < lasts:
                return name
            rest -= lasts
        raise AssertionError

    return [(index * every, at(index * every)) for index in range(int(span / every) + 1)]


def test_halves_need_not_be_equal() -> None:
    series = alternation(polled(5, 200, {"bgp": 50, "eigrp": 10}))
    assert series.period_seconds == pytest.approx(60)
    assert series.period_spread == 5, "no finer than the samples"
    assert (series.first, series.last, series.distinct) == ("bgp", "bgp", ("bgp", "eigrp"))
    assert (series.changes, series.samples, series.span_seconds, series.steady) == (6, 41, 200, False)
    assert series.change_times == (50, 60, 110, 120, 170, 180)


def test_a_change_a_minute_is_a_cycle_of_two() -> None:
    series = alternation(polled(5, 400, {"bgp": 60, "eigrp": 60}))
    assert series.period_seconds == pytest.approx(120)
    assert series.change_seconds == pytest.approx(60)


@pytest.mark.parametrize(("span", "known"), [(120, False), (170, False), (185, False), (300, True)])
def test_one_cycle_proves_no_period(span: float, known: bool) -> None:
    """Entries by a change: at 60 bgp→eigrp, 120 back, 180 again: one return; from 300 on each value has two."""
    assert (alternation(polled(5, span, {"bgp": 60, "eigrp": 60})).period_seconds is not None) is known


def test_the_spread_is_that_of_the_returns_where_times_are_exact() -> None:
    events = [(0.0, "lost"), (10.0, "bgp"), (58.0, "lost"), (70.0, "bgp"), (122.0, "lost"), (130.0, "bgp"), (180.0, "lost")]
    series = alternation(events, exact=True)
    assert series.period_seconds == pytest.approx(60.5)
    assert series.period_spread == pytest.approx(2.179, abs=0.001)
    assert alternation(events).period_spread == 52, "as samples, they could be this far off"


def test_nothing_changes() -> None:
    assert alternation([(0, "a"), (60, "a")]).steady
    assert not alternation([(0, "a")]).steady, "one sample shows no steadiness"
    assert alternation([]) == alternation(()) and not alternation([]).steady


def test_three_values_in_turn() -> None:
    assert alternation(polled(1, 100, {"a": 10, "b": 10, "c": 10})).period_seconds == pytest.approx(30)


def test_a_clock_that_steps_back_stands_still() -> None:
    series = alternation([(10, "a"), (20, "b"), (5, "a"), (30, "b")])
    assert series.change_times == (20, 20, 30)
    assert series.span_seconds == 20


def test_all_at_once_is_no_period() -> None:
    assert alternation([(5.0, value) for value in "abababab"]).period_seconds is None
    assert cycle([]) == (None, None)


def test_a_value_that_begins_again_counts_as_an_entry() -> None:
    assert cycle([(0, "bgp"), (60, "bgp"), (120, "bgp")]) == (60, 0)


@pytest.mark.parametrize(
    ("prefix", "next_hop", "inside"),
    [
        ("2001:DB9:121:100::/64", "2001:db9:121:100::1", True),
        ("2001:db9:121:100::/64", "2001:db9:121:1::1", False),
        ("10.0.0.0/8", "10.1.1.1", True),
        ("10.0.0.1/32", "10.0.0.1", True),
        ("::/0", "2001:db8::1", False),  # the default route holds every next hop
        ("fe80::/10", "fe80::1%eth0", False),  # a link-local next hop needs no route
        ("2001:db8::/32", "::", False),
        ("2001:db8::/32", "10.0.0.1", False),
        ("nonsense", "10.0.0.1", False),
        ("10.0.0.0/8", "", False),
        ("2001:db8::/999", "2001:db8::1", False),
    ],
)
def test_a_next_hop_inside_its_own_prefix(prefix: str, next_hop: str, inside: bool) -> None:
    assert in_own_prefix(prefix, next_hop) is inside


def test_a_circle_is_drawn() -> None:
    hop = "2001:db9:121:100::1"
    drawn = recursion("2001:db9:121:1::/64", hop, "2001:db9:121:100::/64")
    assert drawn.startswith("2001:db9:121:1::/64 -> next hop 2001:db9:121:100::1 -> 2001:db9:121:100::/64 -> next hop")
    assert recursion("a", "b") == "a -> next hop b -> a -> …"
    assert covers("10.0.0.0/8", "10.255.0.1") and not covers("10.0.0.0/8", "11.0.0.1")
