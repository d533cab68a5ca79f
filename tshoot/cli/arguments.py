"""Every verb and option, in one place, so that `--help` needs no other module."""

from __future__ import annotations

import argparse

_EXITS = (
    "exit status: 0 healthy, 1 fault found, 2 usage or playbook error, 3 inconclusive"
    ", 4 target unreachable or refused, 5 program missing, 130 interrupted"
)
_REJUDGED = "exit status: 0 judged the same, 1 differently, 3 could not be judged; 2 usage or session error, 5 program missing, 130 interrupted"
_VERIFIED = (
    "exit status: 0 fixed, 1 still there or another fault, 3 not decided, 4 target unreachable or refused;"
    " 2 usage or session error, 5 program missing, 130 interrupted"
)
_COMPARED = (
    "exit status: 0 the same decisions and the same verdict (kind and cause), 1 not; 2 usage or session error, 130 interrupted."
    " Outputs, inputs and targets that differ are told and do not count."
)
_PLACES = (
    "places: a node (NODE/2: its second visit), 'decision 2', 'note 1', 'event 12', verdict, start, end, a time of the session in UTC"
    " (03:41:07, 2026-11-21T03:41), or a time after its start (+1:30)"
)
_SESSION_FILE = (
    "A session file holds at most 10000 files, 4 GiB each (the log 1 GiB), 16 GiB in all, and 200 times its own size where that is more"
    " than 256 MiB; beyond that, and whatever is not in its manifest, it is refused. show, replay and verify read such a file directly."
)
_RECORDINGS = (
    "Recordings: typescripts of script(1), asciicasts v2 and v3, logs of PuTTY and SecureCRT, text with prompts; at most 64 MB and 5000 commands."
)
_DISTILLED = (
    "The draft decides nothing: it asks what was asked, in that order, and ends inconclusively until you write its conditions. Nothing is"
    " overwritten without --force. Exit status: 0 the draft lints and its scenario passes, 2 not, or nothing could be distilled."
)
_SAFE = "exit status: 0 every command is proven to only read, 2 one is not (it changes something, or fits no pattern), or a playbook has problems"
_DETECTED = (
    "One login a target, and version commands that only read. Exit status: 0 every device is recognised, 3 one is none of tshoot's platforms, 4 one"
    " could not be asked; 2 usage, 130 interrupted. After a login that was rejected no other target is asked."
)
_SWEPT = (
    "exit status: 0 nothing is left (or --json only listed it), 4 a target could not be reached or kept something, 2 usage, or nothing was agreed to,"
    " 130 interrupted. What a run could not fetch is kept on this machine before it is removed."
)
_KEPT = (
    "Read when a target asks for a password and neither agent nor key logs in. Needs the library `keyring` (pip install 'tshoot[keyring]')"
    " and a keyring that runs. Exit status: 0 done, 1 `forget` found none, 2 usage or no keyring, 5 the library is missing."
)
_REDACTED = (
    "Prefixes, lengths and kinds of addresses stay, as do numbers, times and ordinary words: read docs/security.md before you send it."
    " Exit status of redact: 0 where the redacted session is judged as the original is, else 3."
)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tshoot", description="Guided troubleshooting over SSH: from a symptom to a root cause with its proof.", epilog=_EXITS
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    parser.set_defaults(verb="home")
    _inventory(parser, [])
    verbs = parser.add_subparsers(title="verbs (none: the terminal interface)", metavar="VERB")
    _run(_verb(verbs, "run", "walk a playbook on live targets"))
    _analyze(_verb(verbs, "analyze", "diagnose captures and pasted terminal text that somebody sent"))
    _verb(verbs, "explain", "what a cause means, who fixes it and how").add_argument("cause", help="for example nfs.mount-denied")
    _detectors(_verb(verbs, "detectors", "what captures are judged for: causes, their proof, filters"))
    _playbooks(_verb(verbs, "playbooks", "list, show, lint, safety, test, graph, coverage of playbooks"))
    _sessions(_verb(verbs, "sessions", "list, show, replay, verify recorded sessions; judge them again, go on with them"))
    _demo(_verb(verbs, "demo", "a recorded fault, served by a simulated device over real SSH on loopback"))
    _sweep(_verb(verbs, "sweep", "captures that crashed runs left on targets: list them, remove them"))
    _targets(_verb(verbs, "targets", "the targets that tshoot knows, by name: where they are, what they are, who says so"))
    _serve(_verb(verbs, "serve", "the full-screen interface in a browser of this machine: loopback only, with a token"))
    _credentials(_verb(verbs, "credentials", "passwords of targets in your system's keyring: keep, forget, list names"))
    _doctor(_verb(verbs, "doctor", "what is missing on this machine, and the command that mends it; the way to a target, and where it stops"))
    return parser


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".", epilog=_EXITS)
    parser.set_defaults(verb=name)
    return parser


def _doctor(parser: argparse.ArgumentParser) -> None:
    _inventory(parser)
    parser.epilog = (
        "exit status: 0 nothing is missing, or stops the way as far as it was tried, 4 something stops it, 5 a program is missing, 2 usage"
    )
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="walk the way to this target (or @GROUP), hop by hop; default: this machine")
    parser.add_argument("--login", action="store_true", help="log in once at each hop; without it nothing is authenticated")
    parser.add_argument("--platform", default="", metavar="PLATFORM", help="what HOST is: after a login its version is asked for")
    _transport(parser)
    _json(parser)


def _credentials(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _KEPT
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _json(actions.add_parser("list", help="the names that were kept with `set`; never a secret"))
    keep = actions.add_parser("set", help="keep a password, which is asked for, or read from standard input where that is no terminal", epilog=_KEPT)
    forget = actions.add_parser("forget", help="remove it from the keyring", epilog=_KEPT)
    for action in (keep, forget):
        action.add_argument("name", metavar="USER@HOST", help="a target as you type it, or USER@@GROUP for a group of the inventory")


def _sweep(parser: argparse.ArgumentParser) -> None:
    _inventory(parser)
    parser.epilog = _SWEPT
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="only these targets (default: all that the journals of this machine name)")
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    _json(parser)


def _inventory(parser: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    help_ = "a list of targets: targets.yaml, Ansible inventory, containerlab topology, NetBox export (default: $TSHOOT_INVENTORY)"
    parser.add_argument("--inventory", action="append", default=default, metavar="FILE", help=help_)


def _targets(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(action="list", group="", json=False)
    _inventory(parser)
    parser.add_argument("--json", action="store_true", help="write exactly one JSON document to standard output")
    actions = parser.add_subparsers(metavar="ACTION", dest="chosen")
    listing = actions.add_parser("list", help="all of them (the default)")
    listing.add_argument("group", nargs="?", default="", metavar="@GROUP", help="only those of this group or tag")
    actions.add_parser("groups", help="groups and tags, with their targets")
    actions.add_parser("show", help="all that is known of one target").add_argument("name")
    detect = actions.add_parser("detect", help="log in, ask the device what it is, remember it", epilog=_DETECTED)
    detect.add_argument("names", nargs="+", metavar="NAME", help="targets, also @GROUP, or hosts as they are typed")
    forget = actions.add_parser("forget", help="forget what a device said it is")
    forget.add_argument("names", nargs="+", metavar="NAME")
    for name, action in actions.choices.items():
        action.set_defaults(action=name)
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="write exactly one JSON document to standard output")
        _inventory(action)


def _serve(parser: argparse.ArgumentParser) -> None:
    _inventory(parser)
    parser.add_argument("--port", type=int, default=0, metavar="N", help="listen on 127.0.0.1:N (default: one that is free)")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write exactly one JSON document to standard output")


def _record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--record", metavar="DIR", help="keep the session below DIR instead of your sessions")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("playbook", help="id of a shipped playbook (tshoot playbooks list) or a file")
    parser.add_argument(
        "--target", action="append", default=[], metavar="ROLE=HOST", help="which device plays a role: name, user@host:port; several: a,b or @GROUP"
    )
    _inventory(parser)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="inputs", help="the value of an input")
    parser.add_argument(
        "--platform", action="append", default=[], metavar="ROLE=PLATFORM", help="what a target is, where a role may be several, e.g. router=frr"
    )
    parser.add_argument(
        "--capture-dir", action="append", default=[], metavar="ROLE=DIR", help="folder on the target to capture into, e.g. a datastore"
    )
    _transport(parser)
    parser.add_argument("--fan-out", action="store_true", help="run all targets of a group (ROLE=@GROUP) side by side without asking which one")
    parser.add_argument("--parallel", type=int, default=16, metavar="N", help="at most N targets at once (default: 16)")
    parser.add_argument("--plan", action="store_true", help="print every command that may run, connect nowhere")
    parser.add_argument("--yes", action="store_true", help="answer yes to every question, also to commands that change something")
    parser.add_argument("--step", action="store_true", help="show each command before it runs: run, edit, skip, or done by hand (plain lines)")
    parser.add_argument("--no-tui", action="store_true", help="plain lines instead of the full-screen interface")
    _record(parser)
    _json(parser)


def _analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="pcap or pcapng, or text from a terminal or log, also .gz and .zst; a folder with such files; - for standard input",
    )
    parser.add_argument("--only", action="append", default=[], metavar="FAMILY", help="judge only by this family (bgp, ndp, nfs, path, …)")
    parser.add_argument("--timeline", action="store_true", help="draw packets and errors over time, with marks for what was found")
    parser.add_argument("--browse", action="store_true", help="then look at the capture full-screen: frames, protocol tree, bytes, findings")
    parser.add_argument("--extract", metavar="PCAPNG", help="write the frames that prove it, with comments, into a pcapng file")
    parser.add_argument(
        "--with-conversation",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="extract the conversations around these frames too (the default)",
    )
    parser.add_argument("--extract-frames", type=int, default=2000, metavar="N", help="extract at most N frames (default: 2000)")
    parser.add_argument("--force", action="store_true", help="let --extract overwrite a file")
    parser.add_argument("--limit-memory", type=int, metavar="MB", help="of tshoot and tshark together; says what was left out")
    _json(parser)


def _detectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="only these (bgp, nfs, tcp, …)")
    _json(parser)


def _playbooks(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _json(actions.add_parser("list", help="the shipped playbooks"))
    actions.add_parser("show", help="what a playbook asks for and may run").add_argument("playbook")
    actions.add_parser("lint", help="every problem, as file:line:column: message").add_argument("files", nargs="*", metavar="FILE")
    safety = actions.add_parser("safety", help="the proof that a playbook only reads: each command, its pattern, its values", epilog=_SAFE)
    safety.add_argument("playbooks", nargs="*", metavar="PLAYBOOK", help="ids or files (default: all that ship)")
    _json(safety)
    test = actions.add_parser("test", help="play a playbook's scenarios offline and compare the verdicts")
    test.add_argument("playbooks", nargs="*", metavar="PLAYBOOK")
    test.add_argument("--scenarios", metavar="DIR", help="play those below DIR/PLAYBOOK instead of the shipped ones")
    graph = actions.add_parser("graph", help="draw the decision tree")
    graph.add_argument("playbook")
    graph.add_argument("--mermaid", action="store_true", help="as Mermaid text, for a page")
    actions.add_parser("coverage", help="which branches no scenario reaches").add_argument("playbooks", nargs="*", metavar="PLAYBOOK")
    actions.add_parser("schema", help="the JSON Schema of playbook files, for editors")


def _sessions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="newest first")
    listing.add_argument("--limit", type=int, metavar="N", help="only the newest N (default: all)")
    _json(listing)
    show = actions.add_parser("show", help="a session as text")
    show.add_argument("--all", action="store_true", help="every line of every output")
    _json(show)
    replay = actions.add_parser("replay", help="the run again, from the log alone", epilog=_PLACES)
    replay.add_argument("--speed", type=float, metavar="X", help="with its timing, X times as fast (1: as it was); default: at once")
    replay.add_argument("--exact", action="store_true", help="do not shorten long pauses")
    replay.add_argument("--step", action="store_true", help="wait for Enter before each event, q leaves (on a terminal only)")
    replay.add_argument("--from", dest="start", default="", metavar="PLACE", help="begin there: a node, a time, 'decision 2', …")
    replay.add_argument("--to", dest="stop", default="", metavar="PLACE", help="end there")
    compare = actions.add_parser("compare", help="two sessions node by node: where they part, what differs", epilog=_COMPARED)
    compare.add_argument("session", help="id, its beginning, a folder, a file, or `last`")
    compare.add_argument("other", help="the session to compare it with, named in the same way")
    _json(compare)
    verify = actions.add_parser("verify", help="prove that nothing was altered")
    rejudge = actions.add_parser("rejudge", help="judge what was recorded again, by what tshoot knows today; connects nowhere", epilog=_REJUDGED)
    _rejudge(rejudge)
    resume = actions.add_parser("resume", help="go on with an interrupted session where it stopped", epilog=_EXITS)
    _resume(resume)
    fixed = actions.add_parser("verify-fix", help="ask the deciding checks of a fault again, compare before and after", epilog=_VERIFIED)
    _verify_fix(fixed)
    for action in (show, replay, verify, rejudge, resume, fixed):
        default = "" if action is rejudge else "last"  # with --all none may be named
        action.add_argument("session", nargs="?", default=default, help="id, its beginning, a folder, or `last` (the default)")
    for action in (listing, show, replay, compare, verify, rejudge, resume, fixed):
        _record(action)
    _archive(actions)
    _sharing(actions)


def _sharing(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = actions.add_parser("export", help="a session as one file, with everything in it", epilog=_SESSION_FILE)
    take = actions.add_parser(
        "import", help="keep the session of such a file, or a recording of another program as a session", epilog=f"{_RECORDINGS} {_SESSION_FILE}"
    )
    redact = actions.add_parser("redact", help="a session as one file for strangers: other addresses and names, no secrets", epilog=_REDACTED)
    reveal = actions.add_parser("reveal", help="what stands behind addresses and names of a redacted session; needs its key", epilog=_REDACTED)
    for action in (export, redact):
        action.add_argument("session", nargs="?", default="last", help="id, its beginning, a folder, a file, or `last` (the default)")
        action.add_argument("--force", action="store_true", help="overwrite the file")
    export.add_argument("-o", "--output", metavar="FILE", help="default: the session's id and .tshoot, here")
    redact.add_argument("-o", "--output", metavar="FILE", required=True, help="for example shared.tshoot")
    take.add_argument("file", metavar="FILE", help="what `export` or `redact` wrote, or a recording of another program; told by its content")
    take.add_argument("--timing", metavar="FILE", help="the timing file of a typescript (script --log-timing)")
    distil = actions.add_parser("distil", help="a draft playbook with its scenario, from commands that somebody typed", epilog=_DISTILLED)
    distil.add_argument("session", nargs="?", default="last", help="id, its beginning, a folder, a file, or `last` (the default)")
    distil.add_argument("-o", "--output", metavar="FILE", required=True, help="for example drafts/slow-link.yaml; its name is the playbook's id")
    distil.add_argument("--scenario", metavar="DIR", help="folder of the scenario (default: scenarios/<playbook>/<session> beside FILE)")
    distil.add_argument("--force", action="store_true", help="overwrite the files")
    reveal.add_argument("text", nargs="+", metavar="TEXT", help="words, addresses or lines of the redacted session (- reads standard input)")
    for action in (redact, reveal):
        action.add_argument("--key-file", metavar="FILE", help="the key (made where it is missing); default: redaction.key beside your sessions")
    for action in (export, take, redact, reveal, distil):
        _record(action)


def _archive(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = actions.add_parser("report", help="a session as a page, a ticket's text, a recording, a test result")
    report.add_argument(
        "--format", choices=("md", "html", "json", "cast", "junit", "ticket"), default="md", help="default: md; ticket: a short comment"
    )
    report.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
    report.add_argument("--force", action="store_true", help="overwrite the file")
    report.add_argument("--idle", type=float, default=2.0, metavar="SECONDS", help="of a cast: cut longer pauses to this (default: 2)")
    search = actions.add_parser(
        "search",
        help="words in outputs, notes, commands and verdicts of all sessions, newest first",
        epilog="filters among the words: since: until: (2026-10, 2026-10-05, 7d) cause: verdict: playbook: target: address: state:;"
        " word* finds beginnings",
    )
    search.add_argument("query", nargs="+", metavar="WORD", help="words that must all occur, and filters such as cause:nfs.mount-denied")
    search.add_argument("--limit", type=int, default=20, metavar="N", help="show at most N sessions (default: 20)")
    similar = actions.add_parser("similar", help="earlier sessions with the same cause, target or address, and why they are alike")
    report.add_argument("session", nargs="?", default="last", help="id, its beginning, a folder, a file, or `last` (the default)")
    similar.add_argument("session", nargs="?", default="last", help="id, its beginning, a folder, or `last` (the default)")
    prune = actions.add_parser("prune", help="remove old sessions; says what would go, and asks")
    prune.add_argument("--older-than", required=True, metavar="AGE", help="for example 90d, 12w, 1y")
    prune.add_argument(
        "--keep-verdict", action="append", default=[], metavar="KIND", help="keep sessions with this verdict: fault, healthy, inconclusive or none"
    )
    prune.add_argument("--dry-run", action="store_true", help="only say what would go")
    prune.add_argument("--yes", action="store_true", help="do not ask")
    for action in (search, similar):
        _json(action)
    for action in (actions.choices["list"], search, similar):
        action.add_argument("--reindex", action="store_true", help="build the index of the sessions anew")
    for action in (report, search, similar, prune):
        _record(action)


def _transport(parser: argparse.ArgumentParser) -> None:
    help_ = "connect by paramiko, by openssh (this system's ssh), or auto: paramiko, and openssh is offered where that cannot (the default)"
    parser.add_argument("--transport", action="append", default=[], metavar="[ROLE=]NAME", help=help_)


def _rejudge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--playbook", metavar="ID|FILE", help="judge by this playbook (default: the one in the session; `shipped`: today's of its id)"
    )
    parser.add_argument(
        "--what-if", action="append", default=[], metavar="NODE.FACT=VALUE", help="as if a step had told this, e.g. ping_full.received=0"
    )
    parser.add_argument(
        "--target", action="append", default=[], metavar="ROLE=DEVICE", help="of an imported recording: which of its devices plays a role"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="inputs", help="of an imported recording: an input")
    parser.add_argument("--all", action="store_true", help="every session that reached a verdict, as a table")
    parser.add_argument("--since", metavar="WHEN", help="with --all: those that began since, e.g. 2026-11-01 or 30d")
    _json(parser)


def _verify_fix(parser: argparse.ArgumentParser) -> None:
    _other_hosts(parser)
    parser.add_argument("--plan", action="store_true", help="print what would be asked again, connect nowhere")
    parser.add_argument("--yes", action="store_true", help="answer yes to every question, but to commands that change something")
    _json(parser)


def _other_hosts(parser: argparse.ArgumentParser) -> None:
    _inventory(parser)
    _transport(parser)
    parser.add_argument(
        "--target", action="append", default=[], metavar="ROLE=HOST", help="where this machine knows a target of the session by another name"
    )
    parser.add_argument(
        "--capture-dir", action="append", default=[], metavar="ROLE=DIR", help="folder on the target to capture into, e.g. a datastore"
    )


def _resume(parser: argparse.ArgumentParser) -> None:
    _other_hosts(parser)
    parser.add_argument("--keep-path", action="store_true", help="go on along the recorded path, though today a decision would be another")
    parser.add_argument("--yes", action="store_true", help="answer yes to every question, but to changes that may have been done already")
    _json(parser)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", nargs="?", default="", help="a case of --list, or a cause; default: the export policy that denies a mount")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--no-tui", action="store_true", help="plain lines instead of the full-screen interface")
    _record(parser)
    _json(parser)
