"""Every verb and option, in one place, so that `--help` needs no other module."""

from __future__ import annotations

import argparse

_EXITS = (
    "exit status: 0 healthy, 1 fault found, 2 usage or playbook error, 3 inconclusive"
    ", 4 target unreachable or refused, 5 program missing, 130 interrupted"
)
_REJUDGED = "exit status: 0 judged the same, 1 differently, 3 could not be judged; 2 usage or session error, 5 program missing, 130 interrupted"


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tshoot", description="Guided troubleshooting over SSH: from a symptom to a root cause with its proof.", epilog=_EXITS
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    parser.set_defaults(verb="home")
    verbs = parser.add_subparsers(title="verbs (none: the terminal interface)", metavar="VERB")
    _run(_verb(verbs, "run", "walk a playbook on live targets"))
    _analyze(_verb(verbs, "analyze", "diagnose captures and pasted terminal text that somebody sent"))
    _verb(verbs, "explain", "what a cause means, who fixes it and how").add_argument("cause", help="for example nfs.mount-denied")
    _playbooks(_verb(verbs, "playbooks", "list, show, lint, test, graph, coverage of playbooks"))
    _sessions(_verb(verbs, "sessions", "list, show, replay, verify recorded sessions; judge them again, go on with them"))
    _demo(_verb(verbs, "demo", "a recorded fault, served by a simulated device over real SSH on loopback"))
    _json(_verb(verbs, "doctor", "what is missing on this machine, and the command that mends it"))
    return parser


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".", epilog=_EXITS)
    parser.set_defaults(verb=name)
    return parser


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write exactly one JSON document to standard output")


def _record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--record", metavar="DIR", help="keep the session below DIR instead of your sessions")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("playbook", help="id of a shipped playbook (tshoot playbooks list) or a file")
    parser.add_argument(
        "--target", action="append", default=[], metavar="ROLE=HOST", help="which device plays a role: an ssh_config name, user@host:port"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="inputs", help="the value of an input")
    parser.add_argument(
        "--platform", action="append", default=[], metavar="ROLE=PLATFORM", help="what a target is, where a role may be several, e.g. router=frr"
    )
    parser.add_argument(
        "--capture-dir", action="append", default=[], metavar="ROLE=DIR", help="folder on the target to capture into, e.g. a datastore"
    )
    parser.add_argument("--plan", action="store_true", help="print every command that may run, connect nowhere")
    parser.add_argument("--yes", action="store_true", help="answer yes to every question, also to commands that change something")
    parser.add_argument("--no-tui", action="store_true", help="plain lines instead of the full-screen interface")
    _record(parser)
    _json(parser)


def _analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="pcap or pcapng, also .gz and .zst; or text from a terminal or log (- reads it from standard input)"
    )
    parser.add_argument("--only", action="append", default=[], metavar="FAMILY", help="judge only by this family (bgp, ndp, nfs, path, …)")
    _json(parser)


def _playbooks(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _json(actions.add_parser("list", help="the shipped playbooks"))
    actions.add_parser("show", help="what a playbook asks for and may run").add_argument("playbook")
    actions.add_parser("lint", help="every problem, as file:line:column: message").add_argument("files", nargs="*", metavar="FILE")
    test = actions.add_parser("test", help="play a playbook's scenarios offline and compare the verdicts")
    test.add_argument("playbooks", nargs="*", metavar="PLAYBOOK")
    graph = actions.add_parser("graph", help="draw the decision tree")
    graph.add_argument("playbook")
    graph.add_argument("--mermaid", action="store_true", help="as Mermaid text, for a page")
    actions.add_parser("coverage", help="which branches no scenario reaches").add_argument("playbooks", nargs="*", metavar="PLAYBOOK")
    actions.add_parser("schema", help="the JSON Schema of playbook files, for editors")


def _sessions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="newest first")
    _json(listing)
    show = actions.add_parser("show", help="a session as text")
    show.add_argument("--all", action="store_true", help="every line of every output")
    _json(show)
    replay = actions.add_parser("replay", help="the run again, from the log alone")
    replay.add_argument("--speed", type=float, metavar="X", help="with its timing, X times as fast (1: as it was); default: at once")
    replay.add_argument("--exact", action="store_true", help="do not shorten long pauses")
    verify = actions.add_parser("verify", help="prove that nothing was altered")
    rejudge = actions.add_parser("rejudge", help="judge what was recorded again, by what tshoot knows today; connects nowhere", epilog=_REJUDGED)
    _rejudge(rejudge)
    resume = actions.add_parser("resume", help="go on with an interrupted session where it stopped", epilog=_EXITS)
    _resume(resume)
    for action in (show, replay, verify, rejudge, resume):
        action.add_argument("session", nargs="?", default="last", help="id, its beginning, a folder, or `last` (the default)")
    for action in (listing, show, replay, verify, rejudge, resume):
        _record(action)


def _rejudge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--playbook", metavar="ID|FILE", help="judge by this playbook (default: the one in the session; `shipped`: today's of its id)"
    )
    parser.add_argument(
        "--what-if", action="append", default=[], metavar="NODE.FACT=VALUE", help="as if a step had told this, e.g. ping_full.received=0"
    )
    parser.add_argument("--all", action="store_true", help="every session that reached a verdict, as a table")
    parser.add_argument("--since", metavar="WHEN", help="with --all: those that began since, e.g. 2026-11-01 or 30d")
    _json(parser)


def _resume(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--capture-dir", action="append", default=[], metavar="ROLE=DIR", help="folder on the target to capture into, e.g. a datastore"
    )
    parser.add_argument("--keep-path", action="store_true", help="go on along the recorded path, though today a decision would be another")
    parser.add_argument("--yes", action="store_true", help="answer yes to every question, but to changes that may have been done already")
    _json(parser)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", nargs="?", default="", help="a case of --list, or a cause; default: the export policy that denies a mount")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--no-tui", action="store_true", help="plain lines instead of the full-screen interface")
    _record(parser)
    _json(parser)
