"""The words that may stay: those of tshoot's own sources, platforms, playbooks and templates, and none of yours.

Whatever tshoot looks for in an output, or says itself, stands there. Every other word may be the name of somebody or something and is
mapped. `compounds` are words with digits, dots, dashes or underscores in them, which stay as a whole only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from tshoot.shipped import shipped

_CODE = ("parsers", "packets", "engine", "session", "performers", "transports", "model", "platforms", "playbook", "transcripts", "retrace")
_TEMPLATES = re.compile(r"(?:cisco_ios|cisco_nxos|arista_eos|linux)_.+\.textfsm")
_ESCAPES = re.compile(r"\\[a-zA-Z]")
WORD = re.compile(r"[A-Za-z]+")
COMPOUND = re.compile(r"[A-Za-z0-9_]+(?:[-._@][A-Za-z0-9_]+)*")
_NAMED_LIKE_A_HOST = re.compile(r"[a-z]+-?[0-9]+(?:[-.].*)?|.*\.(?:example|local|lan|corp|internal|test|invalid|com|net|org)(?:\..*)?")
_PROTOCOL_WORDS = (
    "ipv4 ipv6 ip4 ip6 icmp6 icmpv6 nfs2 nfs3 nfs4 nfs41 nfsv2 nfsv3 nfsv4 md5 sha1 sha2 sha256 sha512 "
    "utf8 utf-8 snmpv2 snmpv3 http2 eui64 x86 x86_64"
    " ipv4-unicast ipv6-unicast ipv4unicast ipv6unicast bgp4 ospf3 ospfv2 ospfv3 rfc7606 as4 inet inet6 l2 l3 v1 v2 v3 v4 v6 krb5 krb5i krb5p sec"
)
_COMMON_WORDS = (  # of configurations, logs and clocks
    "jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun january february march april june july august september "
    "october november december utc gmt cet cest est edt cst cdt mst mdt pst pdt bst ist jst am pm"
    " kb mb gb tb kib mib gib kbit mbit gbit mbps gbps kbps bps bytes ms sec secs msec usec min mins hour hours day days week weeks year years ago"
    " the of and or to in is are was were be been it its this that for from with without by on at as an no not yes if then else more all any none"
    " can cannot could will would has have had do does did done than too so but because after before during while until since through via per out"
    " into over under up down via new old first last next previous other same only also lo"
)
_PROTOCOLS, _COMMON = frozenset(_PROTOCOL_WORDS.split()), frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Lower-case throughout."""

    words: frozenset[str]
    compounds: frozenset[str]

    def and_of(self, texts: Iterable[str]) -> Vocabulary:
        """The vocabulary with the words of `texts`, such as those of the session's playbook."""
        words, compounds = _of(texts)
        return Vocabulary(self.words | words, self.compounds | compounds)


@cache
def vocabulary() -> Vocabulary:
    words, compounds = _of(_shipped_texts())
    return Vocabulary(words | _COMMON, compounds | _PROTOCOLS)


@cache
def shipped_playbooks() -> frozenset[str]:
    """The texts of all playbooks that ship."""
    return frozenset(path.read_text(encoding="utf-8") for path in shipped("playbooks").rglob("*.yaml"))


def _of(texts: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    words, compounds = set[str](), set[str]()
    for text in texts:
        lower = text.lower()
        words.update(WORD.findall(lower))
        compounds.update(found for found in COMPOUND.findall(lower) if not found.isalpha() and not _NAMED_LIKE_A_HOST.fullmatch(found))
    return frozenset(words), frozenset(compounds)


def _shipped_texts() -> Iterator[str]:
    package = Path(str(resources.files("tshoot")))
    for folder in _CODE:
        for path in sorted((package / folder).rglob("*")):
            if path.suffix == ".py":
                yield from _said(path.read_text(encoding="utf-8"))
            elif path.suffix in (".yaml", ".textfsm"):
                yield path.read_text(encoding="utf-8")
    for path in sorted(shipped("playbooks").rglob("*.yaml")):
        yield path.read_text(encoding="utf-8")
    yield (package / "redaction" / "terms.txt").read_text(encoding="utf-8")
    for template in sorted(Path(str(resources.files("ntc_templates"))).glob("templates/*.textfsm")):
        if _TEMPLATES.fullmatch(template.name):
            yield _ESCAPES.sub(" ", template.read_text(encoding="utf-8"))


def _said(source: str) -> Iterator[str]:
    """What a module says and how it names things, but not its docstrings and comments: these hold examples."""
    tree = ast.parse(source)
    remarks = set[int]()
    for node in ast.walk(tree):  # each before what is in it
        if isinstance(node, ast.Expr):
            remarks.add(id(node.value))
        elif isinstance(node, ast.Constant) and id(node) not in remarks:
            value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            if isinstance(value, str):
                yield value
                yield _ESCAPES.sub(" ", value)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
