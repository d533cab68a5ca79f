"""What a device, a packet, a file name, a playbook or a person may say to an interface that believes it. Each string says what must be seen of it.

Sources: Textual's and Rich's markup; ECMA-48 and xterm's control sequences (CSI, OSC 0/2/8/52, DCS, APC, PM, SOS, C1); Unicode TR9 and TR36
(bidirectional and invisible characters); widths of UAX #11. Numbers in the texts tell them apart: `a017` begins the 17th, `z017` ends it where
nothing before swallows it.
"""

from __future__ import annotations

from dataclasses import dataclass

MARKUP = (
    "[/foo]", "[red]", "[bold red]x[/]", "[/]", "[", "]", "[[", "]]", "[[a]]", r"\[x]", r"\\[x]", "[@click=app.quit]x[/]", "[@click=app.bell()]x[/]",
    "[link=https://evil.example]x[/link]", "[link file:///etc/passwd]x[/]", "[on red]", "[blink]x[/blink]", "[reverse]x", "[$error]x[/]", "[#ff0000]x[/]",
    "[rgb(1,2,3)]x", "[dim italic]x[/dim italic]", "[not bold]x", "[conceal]x[/conceal]", "[b][i]x[/b][/i]", "[/b]", "[a=b", "[@", "[@click=", "[$", "[:smile:]",
    ":warning:", "{x}", "{0}", "%s%n", "${HOME}", "$error", "{{ 7 * 7 }}", "{% raw %}", "<b>x</b>", "<script>alert(1)</script>", "&lt;", "`id`", "$(id)",
    "; rm -rf /", "'; --", "../../etc/passwd", "|", "\\", "\\n", "\\x1b[31m", "\\u202e", "^[[31m", "[0m", "]0;title", "[31mred", "[2J", "[?1049l", "0;1H",
    "~~~", "```", "# title", "* * *", "| a | b |", "\"quoted\"", "'", "[1]", "[1, 2]", "[x for x in y]", "[!]", "[?]", "[-]", "[ ]", "[x]", "[/x y]", "[=]",
)  # fmt: skip
CSI = (
    "\x1b[31m", "\x1b[0m", "\x1b[2J", "\x1b[H", "\x1b[10;10H", "\x1b[1;31;40m", "\x1b[38;2;1;2;3m", "\x1b[38:2::1:2:3m", "\x1b[?25l", "\x1b[?1049l", "\x1b[?1049h",
    "\x1b[?2004l", "\x1b[?1000l", "\x1b[6n", "\x1b[c", "\x1b[>c", "\x1b[5i", "\x1b[4i", "\x1b[8;1;1t", "\x1b[21t", "\x1b[!p", "\x1b[3J", "\x1b[1K", "\x1b[999D",
    "\x1b[999A", "\x1b[1M", "\x1b[1L", "\x1b[r", "\x1b[1;2r", "\x1b[?6h", "\x1b[4h", "\x1b[20h", "\x1b[?7l", "\x1b[>4;2m", "\x1b[=1u", "\x1b[8m", "\x1b[5m",
    "\x9b31m", "\x9b2J", "\x9b6n",
)  # fmt: skip
STRINGS = (
    "\x1b]0;title\x07", "\x1b]2;title\x1b\\", "\x1b]8;;https://evil.example\x1b\\", "\x1b]8;;\x07", "\x1b]52;c;cm0gLXJmIC8=\x07", "\x1b]52;c;?\x07", "\x1b]4;1;?\x07",
    "\x1b]10;?\x07", "\x1b]11;#ffffff\x07", "\x1b]7;file:///etc\x07", "\x1b]9;note\x07", "\x1b]777;notify;a;b\x07", "\x1b]1337;File=name=x:AAAA\x07", "\x1b]133;A\x07",
    "\x1bP$q\"p\x1b\\", "\x1bP1$r0m\x1b\\", "\x1bPq#0;2;0;0;0#0~~\x1b\\", "\x1b_Ga=T;AAAA\x1b\\", "\x1b^private\x1b\\", "\x1bXsos\x1b\\", "\x1bPtmux;\x1b\\",
    "\x1b]0;title\x9c", "\x1b]112\x07", "\x1b]104;1\x07",
)  # fmt: skip
ESCAPES = ("\x1bc", "\x1b7", "\x1b8", "\x1bD", "\x1bM", "\x1bE", "\x1b=", "\x1b>", "\x1b(0", "\x1b(B", "\x1b#8", "\x1b%G", "\x1b H", "\x1bn", "\x1b|")
CONTROLS = (
    "\x00", "\x01", "\x03", "\x04", "\x05", "\x07", "\x08\x08\x08", "\x0b", "\x0c", "\x0e", "\x0f", "\x11", "\x13", "\x18", "\x1a", "\x7f", "\x80", "\x84", "\x85", "\x88",
    "\x8d", "\x8e", "\x90", "\x96", "\x98", "\x9a", "\x9c", "\x9d", "\x9e", "\x9f", "\x1c", "\x1f",
)  # fmt: skip
INVISIBLE = (
    "\u202e", "\u202d", "\u202a", "\u202b", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f", "\u061c", "\u200b", "\u200c", "\u200d", "\u2060",
    "\u2061", "\u2063", "\u2064", "\ufeff", "\u2028", "\u2029", "\u180e", "\u034f", "\ufff9", "\ufffb", "\U000e0041", "\U000e007f", "\U000e0100", "\u206a", "\u206f",
)  # fmt: skip
LETTERS = (
    "مرحبا", "שלום", "日本語", "한국어", "ไทย", "हिन्दी", "👩\u200d👩\u200d👧", "🇩🇪", "❤\ufe0f", "ﷺ", "꧅", "𒐫", "Ａ", "½", "ﬁ", "ı", "ß", "\u00ad", "\ufffd", "\ue000",
    "\U0010ffff", "\ud800", "\udfff", "\udc80\udcff", "e\u0301", "e" + "\u0301" * 400, "\u0301" * 300, "Z" + "\u0336" * 90, "\u20dd" * 40, "\u3164", "\u115f", "\u2800",
)  # fmt: skip
SPACES = ("\t", "\t\t\t", "\r", "\r\r\n", "\n", "\n\n\n", "\u00a0", "\u2003", "\u3000", " " * 300, "\x0b\x0c", "\x85")
GIANT = (
    "x" * 100_000,
    "[" * 3000,
    "]" * 3000,
    "[/foo]" * 500,
    "\x1b[" * 2000,
    "\x1b]0;" * 500,
    "日" * 3000,
    "\u202e" * 3000,
    "\x00" * 5000,
    "a b " * 5000,
)


@dataclass(frozen=True)
class Hostile:
    """`text` as it comes; `seen` are pieces that must be shown, where there is room for a line of 2,000 characters."""

    text: str
    seen: tuple[str, ...]


def _corpus() -> tuple[Hostile, ...]:
    found: list[Hostile] = []

    def add(inside: str, kept: str | None = None) -> None:
        number = f"{len(found):03}"
        seen = (f"a{number}", f"z{number}") if kept is None else (f"a{number}{kept}z{number}",)
        found.append(Hostile(f"a{number}{inside}z{number}", seen))

    for text in MARKUP:
        add(text, text)
    for text in (*CSI, *STRINGS, *ESCAPES, *CONTROLS, *INVISIBLE):
        add(text, "")
    for text in (*LETTERS, *SPACES):
        add(text)
    for text in GIANT:  # the end may be cut
        number = f"{len(found):03}"
        found.append(Hostile(f"a{number}{text}z{number}", (f"a{number}",)))
    for text in ("\x1b]0;never ended", "\x1bPnever ended", "\x1b", "\x9b", "\x1b]", "\x1b["):  # may swallow what follows
        number = f"{len(found):03}"
        found.append(Hostile(f"a{number}{text}", (f"a{number}",)))
    return tuple(found)


CORPUS = _corpus()
LINES = tuple(hostile.text.replace("\r", " ").replace("\n", " ").replace("\x85", "") for hostile in CORPUS)  # each as one line
