"""The themes that can be chosen: dark, light, and one for eyes that cannot tell red from green.

No theme carries a meaning: words and signs do, so all of them, and NO_COLOR, say the same.
"""

from __future__ import annotations

from textual.theme import Theme

DEFAULT = "tshoot"
# Okabe and Ito, "Color Universal Design" (2008): blue, sky blue, orange, yellow and vermillion stay apart for every kind of colour vision.
THEMES = (
    Theme(
        "tshoot",
        primary="#7aa2c8",
        secondary="#8fb39b",
        accent="#7fc4d6",
        foreground="#d6dbe1",
        background="#14181d",
        surface="#14181d",
        panel="#1e242b",
        success="#86b98a",
        warning="#d9b36c",
        error="#e8827b",
        dark=True,
    ),
    Theme(
        "tshoot-light",
        primary="#1f5a8a",
        secondary="#2f6b4a",
        accent="#0b6377",
        foreground="#1c2126",
        background="#fbfbf8",
        surface="#fbfbf8",
        panel="#e9ebea",
        success="#1f6a2e",
        warning="#7d5300",
        error="#a8231c",
        dark=False,
    ),
    Theme(
        "tshoot-colour-blind",
        primary="#56b4e9",
        secondary="#cc79a7",
        accent="#f0e442",
        foreground="#e6e6e6",
        background="#101316",
        surface="#101316",
        panel="#1d2227",
        success="#56b4e9",
        warning="#f0e442",
        error="#f08a3c",
        dark=True,
    ),
)
TITLES = {"tshoot": "dark", "tshoot-light": "light", "tshoot-colour-blind": "colour-blind safe: blue, yellow and orange"}
