"""Secrets that a name announces (files, JSON, XML, headers of HTTP), and those that are one by their own form. As in `secret_rules`."""

from __future__ import annotations

from tshoot.session.secret_words import REST, WORD

_LABEL = rb"""(?:pass(?:word|wd|phrase|code)|pwd|secret|psk|pre-?shared[ _-]?key|private[ _-]?key|secret[ _-]?key|access[ _-]?key
|shared[ _-]?secret|api[ _-]?key|auth(?:entication)?[ _-]?(?:key|token|password)|priv(?:acy)?[ _-]?(?:key|password)
|enc(?:ryption)?[ _-]?key|(?:access|refresh|session|bearer)[ _-]?token|token|credentials?|md5[ _-]?key|key[ _-]?string|tcp-?md5)"""
_LABEL = _LABEL.replace(b"\n", b"")
# where a label begins: a word, a part of snake_case or kebab-case, of camelCase; a password is one whatever stands before it (PGPASSWORD)
_BORDER = rb"(?:\b|_|-|(?<=[a-z0-9])(?-i:(?=[A-Z][a-z]))|(?=pass(?:word|wd|phrase)))"
_NO_VALUE = rb"(?!(?:true|false|null)(?:[\s,;}\])]|$))"

_COMMUNITY = (  # of SNMP: those of BGP are numbers, or well known
    rb"""(?:\b(?<!BGP\.)|snmp_?)(?:communit(?:y|ies)|community[ _-]?(?:strings?|names?|security ?names?))["']?[ \t]{0,4}[:=][ \t]{0,4}+"""
    rb"""(?!["']?\(?\d{1,10}[:,]|["']?(?:no-|local-|internet|graceful)|[{\[(])([^\r\n]+)"""
)

VALUES = (
    # Linux, ESXi, JSON, XML: named values, headers
    (
        b"pass pwd secret psk key token credential md5",
        _BORDER + _LABEL + rb"""["']?[ \t]{0,4}[:=]>?[ \t]{0,4}+""" + _NO_VALUE + rb"(?:[uU]?SHA\S+[ \t]+)?" + WORD,
    ),
    (
        b"communit",
        _COMMUNITY,
    ),
    (
        b"pass pwd secret psk key token credential md5",
        rb"<(?:[\w:.-]{1,60}?" + _BORDER + rb")?" + _LABEL + rb"(?:[ \t][^<>\r\n]{0,200})?>([^<\r\n]+)<",
    ),
    (
        b"authorization:",
        rb"\bauthorization:[ \t]*(?:basic|bearer|digest|negotiate)?[ \t]*" + REST,
    ),
    (
        b"cookie: x-auth-token: x-api-key:",
        rb"\b(?:set-cookie|cookie|x-auth-token|x-api-key):[ \t]*" + REST,
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
        rb"\bidentified[ \t]+by[ \t]+" + WORD,
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
        rb"\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|xox[abpr]-[A-Za-z0-9-]{10,}|eyJ[\w-]{8,2000}\.[\w-]{8,8000}\.[\w-]*)",
    ),
)
