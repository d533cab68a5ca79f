"""docs/access.md's tables, written from the cases: a row a try, so that what the page says is what the laboratory saw.

`python -m tests.lab.access.table` writes them between the page's marks `<!-- rows SECTION -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tests.lab.access.case import FOLDER, AccessCase, Try, load_access
from tests.lab.case import HERE, case_names

PAGE = HERE.parent.parent / "docs" / "access.md"
_HEAD = "| situation | ssh_config | you type | transport | you see | exit |\n|---|---|---|---|---|---|\n"
_MARKED = re.compile(r"(<!-- rows (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """The page with its tables as the cases have them now. KeyError for a mark without cases, ValueError for cases without a mark."""
    tables = {section: table(cases) for section, cases in sections().items()}
    marks = {found[2] for found in _MARKED.finditer(page)}
    if lost := set(tables) - marks:
        raise ValueError(f"{PAGE.name} has no mark for {', '.join(sorted(lost))}")
    return _MARKED.sub(lambda found: f"{found[1]}{tables[found[2]]}{found[3]}", page)


def sections() -> dict[str, list[AccessCase]]:
    """Within a section by what gets in first, then by name."""
    found: dict[str, list[AccessCase]] = {}
    for case in sorted(map(load_access, case_names([FOLDER])), key=lambda case: (case.tries[0].exit, case.name)):
        found.setdefault(case.section, []).append(case)
    return found


def table(cases: list[AccessCase]) -> str:
    return _HEAD + "".join(f"{row(case, one, first=number == 0)}\n" for case in cases for number, one in enumerate(case.tries))


def row(case: AccessCase, one: Try, first: bool) -> str:
    """The first try of a case names it and shows its ssh_config; the others stand below it."""
    name = f"[{case.name.partition('/')[2]}](../tests/lab/cases/{case.name}.yaml)"
    situation = f"{one.title or case.title} ({name})" if first else one.title or "〃"
    config = _files(case) if first else []
    counted = [check["means"] for check in one.after if "means" in check]
    return f"| {_cell(situation)} | {lines(config)} | {typed(one)} | {one.transport} | {lines(list(one.says), counted)} | {one.exit} |"


def _files(case: AccessCase) -> list[str]:
    """The lines of the ssh_config, and of other files that the operator has."""
    texts = [("", case.ssh_config), *((f"# ~/{place}", text) for place, text in case.operator.places.items())]
    return [line.strip() for head, text in texts for line in [head, *text.splitlines()] if line.strip()]


def typed(one: Try) -> str:
    """What stands on the command line, and what is answered."""
    answers = [f"`{prompt}` {_answer(answer)}" for prompt, answer in one.answers]
    return _cell("<br>".join([f"`{one.run.replace('--no-tui ', '')}`", *answers]))


def _answer(answer: str) -> str:
    return answer if answer in ("yes", "no") else f"the {answer}"


def lines(texts: list[str], words: Sequence[str] = ()) -> str:
    """`texts` as they stand on the screen, `words` as the page's own."""
    return _cell("<br>".join([*(f"`` {text} ``" if "`" in text else f"`{text}`" for text in texts), *words]))


def _cell(text: str) -> str:
    """A bar would end the cell, in code too."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    page = Path(PAGE)
    page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
