"""`show bgp ipv6 unicast summary json` of FRR's bgpd; `show bgp summary json` has one such object an address family.

    {
      "routerId":"10.0.0.2",
      "as":65012,
      "peers":{
        "2001:db9:121:100::1":{
          "remoteAs":65012,
          "peerUptimeMsec":10000,
          "pfxRcd":2,
          "state":"Established",
          "peerState":"OK"
        }
      }
    }

Of a session that never was up the time is 0 (`"peerUptime":"never"`): it is left out. A neighbour in several address
families counts once, with the prefixes of all.
"""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._json_text import Node, lines_of, read_json
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record, ends
from tshoot.parsers._session_table import put_summary, session_state
from tshoot.parsers._shapes import BGP_SUMMARY
from tshoot.parsers._values import canonical_address

FACTS = declared(BGP_SUMMARY)


def parse(text: CommandText) -> Parsed:
    reading = Reading("frr_show_bgp_summary_json", text)
    document = read_json(reading, text)
    if document is None:
        return reading.parsed()
    sessions: dict[str, Record] = {}
    families = list(_families(document))
    strange = False
    for family in families:
        for peer, node in family.get("peers").each():
            address = canonical_address(peer)
            if address and node.items is not None:
                _add(sessions, _session(reading, address, node))
            else:  # such as a neighbour that is named by its interface
                strange = True
                reading.leave(*lines_of(reading, node))
    if families:
        first = families[0]
        router, local = first.get("routerId"), first.get("as").whole()
        if router.text():
            reading.put("router_id", router.text(), *lines_of(reading, router))
        if local is not None:
            reading.put("local_as", str(local), *lines_of(reading, first.get("as")))
        put_summary(reading, sessions, lines_of(reading, first.get("peers")))
        for name in ("neighbors", "by_neighbor", "established", "down"):
            if strange and not reading.facts.get(name):
                reading.forget(name)
    return reading.parsed()


def _families(document: Node) -> Iterator[Node]:
    """The objects with `peers`: the document itself, or one an address family."""
    if document.get("peers").items is not None:
        yield document
        return
    for _, family in document.each():
        if family.get("peers").items is not None:
            yield family


def _add(sessions: dict[str, Record], session: Record) -> None:
    """A neighbour that is there already has the prefixes of this family as well."""
    known = sessions.setdefault(session.fields["address"], session)
    if known is not session and "prefixes" in known and "prefixes" in session:
        lines = (*known.lines["prefixes"], *session.lines["prefixes"])
        known.put("prefixes", known.fields["prefixes"] + session.fields["prefixes"], *ends(lines))


def _session(reading: Reading, address: str, peer: Node) -> Record:
    record = Record()
    record.put("address", address, *lines_of(reading, peer))
    state, remote, uptime, prefixes = peer.get("state"), peer.get("remoteAs").whole(), peer.get("peerUptimeMsec"), peer.get("pfxRcd")
    name = session_state(state.text() or "")
    record.put("as", None if remote is None else str(remote), *lines_of(reading, peer.get("remoteAs")))
    record.put("state", name, *lines_of(reading, state))
    record.put("established", None if name is None else name == "established", *lines_of(reading, state))
    milliseconds = uptime.whole()
    record.put("uptime_seconds", milliseconds // 1000 if milliseconds else None, *lines_of(reading, uptime))
    record.put("prefixes", prefixes.whole() if name == "established" else None, *lines_of(reading, prefixes))
    return record
