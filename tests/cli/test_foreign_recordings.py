"""Recordings of other programs and drafts, as a user does it: the real program, files of fixtures/recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commandline import Home

FOLDER = Path(__file__).parents[2] / "fixtures/recordings"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def imported(home: Home, *words: str) -> str:
    got = home.run("sessions", "import", *words)
    assert got.code == 0, got.said
    return got.out.decode().split(":")[0]


def test_a_typescript_with_its_timing_file_to_its_cause_and_on_by_a_playbook(home: Home) -> None:
    got = home.run("sessions", "import", str(FOLDER / "esx.typescript"), "--timing", str(FOLDER / "esx.timing"))
    assert (got.code, got.error) == (0, b"")
    for part in (
        "typescript; commands: 10 on esx01; 10 of 10 commands have a time",
        "FAULT  nfs.mount-denied",
        "by a playbook: tshoot sessions rejudge",
    ):
        assert part in got.said
    session = got.out.decode().split(":")[0]
    assert home.run("sessions", "verify", session).code == 0
    assert home.run("sessions", "rejudge", session).code == 0
    document = home.run("sessions", "rejudge", session, "--playbook", "nfs-mount", "--json").document()
    assert (document["result"], document["recorded"]["cause"]) == ("open", "nfs.mount-denied")
    assert document["would_have_asked"][0]["what"].startswith("a capture on host, vmk1")
    assert home.run("sessions", "list").out.count(b"nfs.mount-denied") == 1


def test_a_router_s_log_is_judged_by_a_playbook(home: Home) -> None:
    session = imported(home, str(FOLDER / "router.putty.log"))
    got = home.run("sessions", "rejudge", session, "--playbook", "bgp-walker-flap", "--target", "announcer=R1")
    assert got.code == 0
    assert "by the playbook: watch -> configuration" in got.said
    got = home.run("sessions", "rejudge", session, "--playbook", "bgp-walker-flap", "--target", "router=R9", "--set", "prefix=nonsense")
    assert got.code == 2
    assert "the recording has no such device" in got.said and "`prefix` expects" in got.said


def test_a_draft_lints_and_its_scenario_passes(home: Home) -> None:
    session = imported(home, str(FOLDER / "router.putty.log"))
    got = home.run("sessions", "distil", session, "-o", "drafts/own-flap.yaml")
    assert got.code == 0, got.said
    assert "it lints, and its scenario passes" in got.said and "left out: `show clock`" in got.said
    assert home.run("playbooks", "lint", "drafts/own-flap.yaml").code == 0
    tested = home.run("playbooks", "test", "drafts/own-flap.yaml", "--scenarios", "drafts/scenarios")
    assert (tested.code, tested.out.splitlines()[-1]) == (0, b"1 scenarios, 0 failed")
    before = (home.folder / "drafts/own-flap.yaml").read_bytes()
    again = home.run("sessions", "distil", session, "-o", "drafts/own-flap.yaml")
    assert again.code == 2 and "is there already" in again.said
    assert (home.folder / "drafts/own-flap.yaml").read_bytes() == before
    assert home.run("sessions", "distil", session, "-o", "drafts/own-flap.yaml", "--force").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sessions", "import", "esx.timing"), "is a timing file of script"),
        (("sessions", "import", "prose.txt"), "accepted are typescripts of script"),
        (("sessions", "import", "esx.cast", "--timing", "esx.timing"), "a timing file belongs to a typescript"),
        (("sessions", "import", "nowhere.log"), "nowhere.log"),
        (("sessions", "distil", "last", "-o", "Draft.yml"), "small letters, digits, hyphens"),
        (("sessions", "rejudge", "--all", "--target", "host=x"), "for one imported recording"),
    ],
)
def test_what_cannot_be_is_refused_in_words(home: Home, words: tuple[str, ...], said: str) -> None:
    for name in ("esx.timing", "esx.cast"):
        (home.folder / name).write_bytes((FOLDER / name).read_bytes())
    (home.folder / "prose.txt").write_text("nothing of a terminal\n")
    got = home.run(*words)
    assert got.code == 2
    assert said in got.said
