"""Where secrets stand in the configurations of routers and switches (IOS, NX-OS, EOS, FRR, BIRD), and all rules together.

A rule is tried on lines that hold one of its words in small letters, and no other: most lines hold none of any rule. What is hidden is
group 1 of each (and further groups); what stands before says why.
"""

from __future__ import annotations

from tshoot.session.secret_options import OPTIONS
from tshoot.session.secret_values import VALUES
from tshoot.session.secret_words import REST, TYPE, WORD

_CONFIGURATION = (
    # IOS, NX-OS, EOS, FRR: lines of a configuration
    (
        b"enable",
        rb"^[^\r\n]{0,80}?\benable[ \t]+(?:algorithm-type[ \t]+\S+[ \t]+)?(?:secret|password)[ \t]+(?:level[ \t]+\d+[ \t]+)?" + TYPE + REST,
    ),
    (
        b"username",
        rb"^[^\r\n]{0,80}?\busername[ \t]+\S++[^\r\n]{0,200}?[ \t](?:secret|password)[ \t]+" + TYPE + REST,
    ),
    (
        b"passw secret",
        rb"^[ \t]*(?:\d+[ \t]+)?(?:no[ \t]+)?(?:password|passwd|secret)[ \t]+" + TYPE + REST,
    ),
    (
        b"neighbor",
        rb"\bneighbor[ \t]+\S+[ \t]+password[ \t]+" + TYPE + REST,
    ),
    (
        b"password",
        rb"\b(?:area-|domain-|lsp-|isis[ \t]+)password[ \t]+(?:clear[ \t]+|md5[ \t]+)?" + TYPE + WORD,
    ),
    (
        b"username hostname",
        rb"\b(?:sent-username|hostname)[ \t]+\S+[ \t]+password[ \t]+" + TYPE + WORD,
    ),
    (
        b"password secret",
        rb"\b(?:ftp|client|chap|pap|proxy|host|server|user|login|ldap|bind|smtp|vpn|peer|local|remote)[ \t]+(?:password|secret)[ \t]+" + TYPE + WORD,
    ),
    (
        b"snmp-server",
        rb"\bsnmp-server[ \t]+community[ \t]+(?:[07][ \t]+)?" + WORD,
    ),
    (
        b"snmp-server",
        rb"\bsnmp-server[ \t]+host[ \t]+\S+(?:[ \t]+(?:vrf|use-vrf|source-interface|udp-port)[ \t]+\S+|[ \t]+(?:traps?|informs?))*"
        rb"(?:[ \t]+version[ \t]+(?:1|2c|3[ \t]+(?:auth|noauth|priv)))?(?:[ \t]+[07])?[ \t]+" + WORD,
    ),
    (
        b"snmp-server",
        rb"\bsnmp-server[ \t]+user[^\r\n]{0,200}?[ \t]auth[ \t]+\S+[ \t]+"
        + WORD
        + rb"(?:[ \t]+priv(?:[ \t]+(?:aes|des|3des|aes-?\d+|\d+))*[ \t]+"
        + WORD
        + rb")?",
    ),
    (
        b"rocommunity rwcommunity",
        rb"""\b(?:ro|rw)community6?(?:[ \t]+|["']?[ \t]{0,4}[:=][ \t]{0,4})""" + WORD,
    ),
    (
        b"com2sec",
        rb"\bcom2sec6?[ \t]+\S+[ \t]+\S+[ \t]+" + WORD,
    ),
    (
        b"createuser",
        rb"\bcreateUser[ \t]+\S+[ \t]+\S+[ \t]+" + WORD + rb"(?:[ \t]+\S+[ \t]+" + WORD + rb")?",
    ),
    (
        b"tacacs radius ldap",
        rb"\b(?:tacacs|radius|ldap|tacacs\+)(?:-server)?\b[^\r\n]{0,200}?[ \t](?:key|secret)[ \t]+" + TYPE + WORD,
    ),
    (
        b"server-private",
        rb"^[ \t]*(?:\d+[ \t]+)?server-private[ \t][^\r\n]{0,200}?[ \t]key[ \t]+" + TYPE + WORD,
    ),
    (
        b"key",
        rb"^[ \t]+(?:(?:auth|acct|automate-tester)[^\r\n]{0,80}[ \t])?key[ \t]+(?!chain\b|config-key\b|generate\b|id\b|type\b)" + TYPE + WORD,
    ),
    (
        b"key-string",
        rb"\bkey-string[ \t]+" + TYPE + REST,
    ),
    (
        b"config-key",
        rb"\bkey[ \t]+config-key[ \t]+\S+[ \t]+" + WORD,
    ),
    (
        b"-key",
        rb"\b(?:authentication|message-digest|shared-secret|secret)-key[ \t]+(?:\d+[ \t]+)?(?:(?:md5|sha\S*|cmac\S*|hmac\S*)[ \t]+)?" + TYPE + WORD,
    ),
    (
        b"authentication",
        rb"\b(?:standby|vrrp|glbp|hsrp)\b[^\r\n]{0,80}?[ \t]authentication[ \t]+(?!md5[ \t]+key-)(?:text[ \t]+|md5[ \t]+)?" + TYPE + WORD,
    ),
    (
        b"authentication",
        rb"^[ \t]+authentication[ \t]+(?:text[ \t]+|md5[ \t]+)" + TYPE + rb"(?!key-string\b|key-chain\b)" + WORD,
    ),
    (
        b"crypto",
        rb"\bcrypto[ \t]+(?:isakmp|ikev[12])[ \t]+key[ \t]+" + TYPE + WORD,
    ),
    (
        b"shared-key",
        rb"\bpre-?shared-key[ \t]+(?:(?:local|remote)[ \t]+)?" + TYPE + WORD,
    ),
    (
        b"wpa-psk",
        rb"\bwpa-psk[ \t]+" + TYPE + TYPE + WORD,
    ),
    (
        b"key",
        rb"\b(?:tunnel|macsec|mka|cak)[ \t]+key[ \t]+\S+[ \t]+(?:(?:key-octet-string|fallback)[ \t]*)?" + TYPE + WORD,
    ),
    (
        b"key-octet-string",
        rb"\bkey-octet-string[ \t]+" + TYPE + WORD,
    ),
    (
        b"authentication",
        rb"\bauthentication[ \t]+(?:mode[ \t]+\S+|key-id[ \t]+\d+(?:[ \t]+algorithm[ \t]+\S+)?)[ \t]+key[ \t]+" + TYPE + WORD,
    ),
    (
        b"tacacs radius",
        rb"\b(?:tacacs\+?|radius)[^\r\n:=]{0,80}?[ \t](?:key|secret)[ \t]{0,4}[:=][ \t]{0,4}" + TYPE + WORD,
    ),
    # BIRD
    (
        b"password secret",
        rb"""\b(?:password|secret)[ \t]+("[^"\r\n]*"?|'[^'\r\n]*'?)""",
    ),
)
RULES = tuple((tuple(words.split()), pattern) for words, pattern in (*_CONFIGURATION, *VALUES, *OPTIONS))
