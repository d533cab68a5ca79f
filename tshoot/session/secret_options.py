"""Secrets among the options of programs, in commands that somebody typed, in histories and in lists of processes. As in `secret_rules`.

Most of these options are one letter, which means something else to every other program: so the program's name stands before it, in the
same command, and the letter is taken as it is written (`-c` is not `-C`). Sources: the programs' manuals (net-snmp's snmpcmd(1), curl(1),
mysql(1), ipmitool(1), ldapsearch(1), smbclient(1)) and the ESXCLI reference.
"""

from __future__ import annotations

from tshoot.session.secret_words import WORD

_SNMP = (  # snmpd and snmptrapd are none of these: their -c is a file
    rb"\bsnmp(?:(?:bulk)?(?:walk|get)|getnext|set|trap|inform|table|test|status|df|delta|netstat|ping|ps|usm|vacm|tls)\b"
)
_NAMES = rb"(?:password|passwd|secret|psk|passphrase|token|community|communities|(?:api|access|private|auth|priv|enc|shared)-?key|chap-?secret)"
_ACCOUNT = (  # USER:PASSWORD; what stands before the colon is no secret
    rb"""(?:"[^\s:"]{0,200}:([^"\r\n]+)|'[^\s:']{0,200}:([^'\r\n]+)|[^\s:"']{1,200}:([^\s"']+))"""
)
_CURL = rb"\bcurl\b[^\r\n]{0,400}?[ \t](?:(?-i:-[a-zA-Z#]{0,8}%b)[ \t]*+|--%b[ \t=]+)" + _ACCOUNT


def _option(program: bytes, letters: bytes, value: bytes = WORD) -> bytes:
    """The value of an option of `program`, with or without a blank before it; each option of a command needs a rule of its own."""
    return program + rb"[^\r\n;|&]{0,400}?[ \t](?-i:" + letters + rb")[ \t]*+" + value


OPTIONS = (
    (b"-pass -psk -secret -token -communit -chap -key", rb"(?<!\S)--?(?:(?:[a-z0-9]+-){0,2}" + _NAMES + rb"|key)[ \t]+" + WORD),
    (b"sshpass", rb"(?<!\S)sshpass[ \t]+-p[ \t]*" + WORD),
    # snmpwalk -v2c -c COMMUNITY; -A and -X with -v3: pass phrases, -3k and its like keys
    (b"snmp", _option(_SNMP, rb"-c")),
    (b"snmp", _option(_SNMP, rb"-A")),
    (b"snmp", _option(_SNMP, rb"-X")),
    (b"snmp", _option(_SNMP, rb"-3[mk]")),
    (b"snmp", _option(_SNMP, rb"-3[MK]")),
    (b"check_snmp", _option(rb"\bcheck_snmp\w{0,20}+", rb"-C")),
    (b"check_snmp", _option(rb"\bcheck_snmp\w{0,20}+", rb"-A")),
    (b"check_snmp", _option(rb"\bcheck_snmp\w{0,20}+", rb"-X")),
    # esxcli iscsi adapter auth chap set -S SECRET; esxcli system snmp set -c COMMUNITIES; esxcli -s HOST -u USER -p PASSWORD …
    (b"chap", _option(rb"\besxcli\b[^\r\n;|&]{0,200}?[ \t]chap[ \t]+set\b", rb"-S")),
    (b"esxcli", _option(rb"\besxcli\b[^\r\n;|&]{0,200}?[ \t]system[ \t]+snmp[ \t]+set\b", rb"-c")),
    (b"esxcli", rb"\besxcli(?:[ \t]{1,4}--?[\w-]{1,30}+(?:[= \t][ \t]{0,4}[^\s-]\S{0,200}+)?){0,6}?[ \t]{1,4}(?-i:-p)[ \t]*+" + WORD),
    (b"curl", _CURL % (b"u", b"user")),
    (b"curl", _CURL % (b"U", b"proxy-user")),
    (b"mysql mariadb", _option(rb"\b(?:mysql|mariadb)(?:dump|admin)?\b", rb"-p", rb"(?<=-p)([^\s-]\S*)")),
    (b"ipmitool", _option(rb"\bipmitool\b", rb"-[Pky]")),
    (b"ldap", _option(rb"\bldap(?:search|modify|add|delete|whoami|passwd|compare)\b", rb"-w")),
    (b"smb", _option(rb"\bsmb(?:client|tree|get|cacls)\b", rb"-U", rb"""["']?[^\s%"']{1,200}%([^\s"']+)""")),
)
