"""How secrets are written, whoever writes them: what an expression of `secret_rules` ends in. Its group is what is hidden."""

from __future__ import annotations

REST = rb"([^\r\n]+)"  # passwords of IOS may hold spaces: the rest of the line
WORD = rb"""("(?:[^"\\\r\n]|\\[^\r\n])*+"?|'[^'\r\n]*'?|[^\s"',;}\])>{[(<][^\s"',;}\])>]*)"""
TYPE = rb"(?:(?:[0-9]{1,2}|md5|sha|sha-?(?:1|256|384|512)|encrypted|plaintext|clear|clear-text|hidden|ascii|hex|localized|keep)[ \t]+)?"
