"""Secrets in what devices print, replaced by as many asterisks before anything is kept.

`without_secrets` keeps the length and the number of every line, so that citations hold; addresses, names and all other words stay.
Patterns go by the syntax of the vendors: IOS, NX-OS, EOS, FRR, BIRD, Linux, ESXi. Whatever stands where a secret is due is masked, also
where it may be none: a secret that slips through is worse. Masking what is masked changes nothing. A secret that no syntax
announces (a password typed at the wrong prompt) cannot be told from other text.
"""

from __future__ import annotations

import re
import time
from functools import cache

_I = re.IGNORECASE | re.MULTILINE
_REST = rb"([^\r\n]+)"  # passwords of IOS may hold spaces: the rest of the line
_WORD = rb"""("[^"\r\n]*"?|'[^'\r\n]*'?|[^\s"',;}\])>{[(<][^\s"',;}\])>]*)"""
_TYPE = rb"(?:(?:[0-9]{1,2}|md5|sha|sha-?(?:1|256|384|512)|encrypted|plaintext|clear|clear-text|hidden|ascii|hex|localized|keep)[ \t]+)?"
_LABEL = rb"""(?:pass(?:word|wd|phrase|code)|pwd|secret|psk|pre-?shared[ _-]?key|private[ _-]?key|secret[ _-]?key|access[ _-]?key
|shared[ _-]?secret|api[ _-]?key|auth(?:entication)?[ _-]?(?:key|token|password)|priv(?:acy)?[ _-]?(?:key|password)
|enc(?:ryption)?[ _-]?key|(?:access|refresh|session|bearer)[ _-]?token|token|credentials?|md5[ _-]?key|tcp-?md5)"""
_LABEL = _LABEL.replace(b"\n", b"")

_COMMUNITY = (  # of SNMP: those of BGP are numbers, or well known
    rb"""\b(?<!BGP\.)(?:communit(?:y|ies)|community[ _-]?strings?)["']?[ \t]{0,4}[:=][ \t]{0,4}+"""
    rb"""(?!["']?\(?\d{1,10}[:,]|["']?(?:no-|local-|internet|graceful)|[{\[(])([^\r\n]+)"""
)

# A rule is tried on lines that hold one of its words in small letters, and no other: most lines hold none of any rule.
# What is hidden is group 1 of each (and further groups); what stands before says why.
_RULES = tuple(
    (tuple(words.split()), pattern)
    for words, pattern in (
        # IOS, NX-OS, EOS, FRR: lines of a configuration
        (
            b"enable",
            rb"^[^\r\n]{0,80}?\benable[ \t]+(?:algorithm-type[ \t]+\S+[ \t]+)?(?:secret|password)[ \t]+(?:level[ \t]+\d+[ \t]+)?" + _TYPE + _REST,
        ),
        (
            b"username",
            rb"^[^\r\n]{0,80}?\busername[ \t]+\S+[^\r\n]{0,200}?[ \t](?:secret|password)[ \t]+" + _TYPE + _REST,
        ),
        (
            b"passw secret",
            rb"^[ \t]*(?:\d+[ \t]+)?(?:no[ \t]+)?(?:password|passwd|secret)[ \t]+" + _TYPE + _REST,
        ),
        (
            b"neighbor",
            rb"\bneighbor[ \t]+\S+[ \t]+password[ \t]+" + _TYPE + _REST,
        ),
        (
            b"password",
            rb"\b(?:area-|domain-|lsp-|isis[ \t]+)password[ \t]+(?:clear[ \t]+|md5[ \t]+)?" + _TYPE + _WORD,
        ),
        (
            b"username hostname",
            rb"\b(?:sent-username|hostname)[ \t]+\S+[ \t]+password[ \t]+" + _TYPE + _WORD,
        ),
        (
            b"password secret",
            rb"\b(?:ftp|client|chap|pap|proxy|host|server|user|login|ldap|bind|smtp|vpn|peer|local|remote)[ \t]+(?:password|secret)[ \t]+"
            + _TYPE
            + _WORD,
        ),
        (
            b"snmp-server",
            rb"\bsnmp-server[ \t]+community[ \t]+(?:[07][ \t]+)?" + _WORD,
        ),
        (
            b"snmp-server",
            rb"\bsnmp-server[ \t]+host[ \t]+\S+(?:[ \t]+(?:vrf|use-vrf|source-interface|udp-port)[ \t]+\S+|[ \t]+(?:traps?|informs?))*"
            rb"(?:[ \t]+version[ \t]+(?:1|2c|3[ \t]+(?:auth|noauth|priv)))?(?:[ \t]+[07])?[ \t]+" + _WORD,
        ),
        (
            b"snmp-server",
            rb"\bsnmp-server[ \t]+user[^\r\n]{0,200}?[ \t]auth[ \t]+\S+[ \t]+"
            + _WORD
            + rb"(?:[ \t]+priv(?:[ \t]+(?:aes|des|3des|aes-?\d+|\d+))*[ \t]+"
            + _WORD
            + rb")?",
        ),
        (
            b"rocommunity rwcommunity",
            rb"\b(?:ro|rw)community6?[ \t]+" + _WORD,
        ),
        (
            b"com2sec",
            rb"\bcom2sec6?[ \t]+\S+[ \t]+\S+[ \t]+" + _WORD,
        ),
        (
            b"createuser",
            rb"\bcreateUser[ \t]+\S+[ \t]+\S+[ \t]+" + _WORD + rb"(?:[ \t]+\S+[ \t]+" + _WORD + rb")?",
        ),
        (
            b"tacacs radius ldap",
            rb"\b(?:tacacs|radius|ldap|tacacs\+)(?:-server)?\b[^\r\n]{0,200}?[ \t](?:key|secret)[ \t]+" + _TYPE + _WORD,
        ),
        (
            b"server-private",
            rb"^[ \t]*(?:\d+[ \t]+)?server-private[ \t][^\r\n]{0,200}?[ \t]key[ \t]+" + _TYPE + _WORD,
        ),
        (
            b"key",
            rb"^[ \t]+(?:(?:auth|acct|automate-tester)[^\r\n]{0,80}[ \t])?key[ \t]+(?!chain\b|config-key\b|generate\b|id\b|type\b)" + _TYPE + _WORD,
        ),
        (
            b"key-string",
            rb"\bkey-string[ \t]+" + _TYPE + _REST,
        ),
        (
            b"config-key",
            rb"\bkey[ \t]+config-key[ \t]+\S+[ \t]+" + _WORD,
        ),
        (
            b"-key",
            rb"\b(?:authentication|message-digest|shared-secret|secret)-key[ \t]+(?:\d+[ \t]+)?(?:(?:md5|sha\S*|cmac\S*|hmac\S*)[ \t]+)?"
            + _TYPE
            + _WORD,
        ),
        (
            b"authentication",
            rb"\b(?:standby|vrrp|glbp|hsrp)\b[^\r\n]{0,80}?[ \t]authentication[ \t]+(?!md5[ \t]+key-)(?:text[ \t]+|md5[ \t]+)?" + _TYPE + _WORD,
        ),
        (
            b"authentication",
            rb"^[ \t]+authentication[ \t]+(?:text[ \t]+|md5[ \t]+)" + _TYPE + rb"(?!key-string\b|key-chain\b)" + _WORD,
        ),
        (
            b"crypto",
            rb"\bcrypto[ \t]+(?:isakmp|ikev[12])[ \t]+key[ \t]+" + _TYPE + _WORD,
        ),
        (
            b"shared-key",
            rb"\bpre-?shared-key[ \t]+(?:(?:local|remote)[ \t]+)?" + _TYPE + _WORD,
        ),
        (
            b"wpa-psk",
            rb"\bwpa-psk[ \t]+" + _TYPE + _TYPE + _WORD,
        ),
        (
            b"key",
            rb"\b(?:tunnel|macsec|mka|cak)[ \t]+key[ \t]+\S+[ \t]+(?:key-octet-string|fallback)?[ \t]*" + _TYPE + _WORD,
        ),
        (
            b"key-octet-string",
            rb"\bkey-octet-string[ \t]+" + _TYPE + _WORD,
        ),
        # BIRD
        (
            b"password secret",
            rb"""\b(?:password|secret)[ \t]+("[^"\r\n]*"?|'[^'\r\n]*'?)""",
        ),
        # Linux, ESXi, JSON, XML: named values, options, headers
        (
            b"pass pwd secret psk key token credential md5",
            rb"(?:\b|_|-)" + _LABEL + rb"""["']?[ \t]{0,4}[:=]>?[ \t]{0,4}(?:[uU]?SHA\S+[ \t]+)?""" + _WORD,
        ),
        (
            b"communit",
            _COMMUNITY,
        ),
        (
            b"-pass -psk -secret -token -communit -chap -key",
            rb"(?<!\S)--?(?:password|passwd|secret|psk|passphrase|token|community|communities|chap-?secret|key)[ \t]+" + _WORD,
        ),
        (
            b"sshpass",
            rb"(?<!\S)sshpass[ \t]+-p[ \t]*" + _WORD,
        ),
        (
            b"pass pwd secret psk key token credential md5",
            rb"<" + _LABEL + rb"(?:[ \t][^<>\r\n]{0,200})?>([^<\r\n]+)<",
        ),
        (
            b"authorization:",
            rb"\bauthorization:[ \t]*(?:basic|bearer|digest|negotiate)?[ \t]*" + _REST,
        ),
        (
            b"cookie: x-auth-token: x-api-key:",
            rb"\b(?:set-cookie|cookie|x-auth-token|x-api-key):[ \t]*" + _REST,
        ),
        (
            b"bearer basic",
            rb"\b(?:bearer|basic)[ \t]+([A-Za-z0-9+/_.=-]{16,})",
        ),
        (
            b"0x",
            rb"\b(?:auth-trunc|auth|enc|aead|comp)[ \t]+\S{1,60}[ \t]+(0x[0-9a-f]{8,})",  # ip xfrm state
        ),
        (
            b"identified",
            rb"\bidentified[ \t]+by[ \t]+" + _WORD,
        ),
        # what is a secret by its own form
        (
            b"$",
            rb"(?<![\w$])(\$(?:[0-9]|1[0-9]|2[abxy]?|y|gy|7|sha1|md5|apr1|argon2\w*|pbkdf2[\w-]{0,20})\$[\w./$=,+*-]{4,})",
        ),
        (
            b"://",
            rb"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{0,200}:([^\s/@\"']{1,400})@",
        ),
        (
            b"akia ghp_ gho_ ghu_ ghs_ ghr_ xox eyj",
            rb"\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|xox[abpr]-[A-Za-z0-9-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)",
        ),
    )
)
_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\bPuTTY-User-Key-File-")
_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|^Private-MAC:[^\r\n]*", re.MULTILINE)
_VISIBLE = re.compile(rb"[^\s]")
_WORDS = tuple(sorted({word for words, _ in _RULES for word in words}))
_PIECE = 65536  # bytes that are looked at together, and of a longer line
_LARGE = 1 << 20  # bytes from which on the other threads are let in between the pieces
_PAUSE = 0.0005  # seconds


def without_secrets(data: bytes) -> bytes:
    """`data`, in which every secret is asterisks, byte for byte; the same object where there is none.

    Megabytes are gone through in pieces of whole lines, none of which holds the interpreter for longer than some milliseconds.
    """
    found: list[tuple[int, bytes]] = []
    at, within = 0, False
    while at < len(data):
        end = data.find(b"\n", at + _PIECE) + 1 or len(data)
        piece = data[at:end]
        masked, within = _masked_piece(piece, within)
        if masked != piece:
            found.append((at, masked))
        at = end
        if len(data) > _LARGE:
            time.sleep(_PAUSE)
    return _with(data, found) if found else data


def _with(data: bytes, found: list[tuple[int, bytes]]) -> bytes:
    """`data` with other pieces of the same length in it."""
    result = bytearray(data)
    for at, piece in found:
        result[at : at + len(piece)] = piece
    return bytes(result)


def _masked_piece(piece: bytes, within: bool) -> tuple[bytes, bool]:
    """Whole lines, and whether a block of a private key began and did not end in them; `within`: the same before them."""
    small = piece.lower()
    if within or b"private key" in small or b"putty-user-key-file-" in small:
        piece, within = _without_key_blocks(piece, within)
    there = {word for word in _WORDS if word in small}
    rules = [(tuple(there.intersection(words)), _expression(pattern)) for words, pattern in _RULES if not there.isdisjoint(words)]
    if not rules:
        return piece, within
    return b"".join(_masked_line(line, tuple(there), rules) for line in piece.splitlines(keepends=True)), within


@cache
def _expression(pattern: bytes) -> re.Pattern[bytes]:
    """Compiled when the first piece holds one of its words: forty together take longer than the whole of a short run's masking."""
    return re.compile(pattern, _I)


def _masked_line(line: bytes, there: tuple[bytes, ...], rules: list[tuple[tuple[bytes, ...], re.Pattern[bytes]]]) -> bytes:
    small = line.lower()
    if not any(word in small for word in there):
        return line
    if len(line) > _PIECE:
        return b"".join(_masked_line(line[at : at + _PIECE], there, rules) for at in range(0, len(line), _PIECE))
    for words, rule in rules:
        if any(word in small for word in words):
            line = rule.sub(_starred, line)
    return line


def _starred(match: re.Match[bytes]) -> bytes:
    """The match with all its groups hidden."""
    whole, start = bytearray(match.group()), match.start()
    for number in range(1, (match.re.groups or 0) + 1):
        if match.group(number):
            begin, end = match.span(number)
            whole[begin - start : end - start] = _stars(match.group(number))
    return bytes(whole)


def _stars(secret: bytes) -> bytes:
    """As many asterisks; quotes around it and blanks behind it stay."""
    body = secret.rstrip()
    edge = 1 if body[:1] in (b'"', b"'") else 0
    close = 1 if edge and len(body) > 1 and body[-1:] == body[:1] else 0
    inner = len(body) - edge - close
    return body[:edge] + b"*" * inner + body[len(body) - close :] + secret[len(body) :]


def _without_key_blocks(data: bytes, within: bool) -> tuple[bytes, bool]:
    """Blocks of private keys, whose lines stay as many and as long; one without its end goes on to the end, and beyond it."""
    out, at = bytearray(data), 0
    while True:
        if not within:
            begin = _BEGIN.search(data, at)
            if begin is None:
                return bytes(out), False
            at = begin.end()
        end = _END.search(data, at)
        stop = end.start() if end else len(data)
        out[at:stop] = _VISIBLE.sub(b"*", data[at:stop])
        if end is None:
            return bytes(out), True
        at, within = end.end(), False
