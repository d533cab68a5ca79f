"""A router's scenario in both uses: rehearsed on a virtual clock, and as a demo over the transport of command lines."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest
from simulated import EXPECT, HEAD
from simulated_router import COMMANDS, router

from tshoot.cancel import CancelToken
from tshoot.cli import demo
from tshoot.errors import PlaybookError
from tshoot.model.events import EffectAnswered, Ok
from tshoot.platforms.loader import CliRecipe
from tshoot.playbook.loader import load_playbook
from tshoot.rehearsal import STARTED, rehearse
from tshoot.simulator.device import Cli
from tshoot.simulator.scenario import load_scenario
from tshoot.simulator.serving import Served, serve
from tshoot.transports.cli.transport import CliTransport

DATA = Path(__file__).parent / "data"
AGE = re.compile(rb"00:00:\d\d ago")
FLAPS = load_scenario(DATA / "route-source" / "flaps")


class Operator:
    """Knows the host keys of the run, and the secret of `enable`."""

    def accept_host_key(self, key: object) -> bool:
        return False

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        return "sesame"

    def agree(self, question: str, why: str) -> bool:
        return False


def transport(served: Served, device_type: str) -> CliTransport:
    settings = demo.opening_for(served.scenario, served, None).settings.ssh
    return CliTransport(served.devices["host"].address, recipe=CliRecipe(device_type, enable=True), prompter=Operator(), settings=settings)


@pytest.mark.parametrize("platform", ["cisco_ios", "cisco_nxos", "arista_eos", "frr_vtysh"])
def test_served_every_command_comes_to_what_it_comes_to_offline(platform):
    """By the project's own transport, byte by byte, refusals too."""
    texts = ["show ip route 192.0.2.1", "show bgp neighbors", *(entry.text for entry in COMMANDS if not entry.seconds and not entry.fails)]
    with serve(router(platform, Cli(False, "sesame"))) as served:
        device = replace(served.devices["host"].device.device, cli=Cli())
        line = transport(served, "cisco_ios" if platform == "frr_vtysh" else platform)
        try:
            for text in texts:
                offline, ran = device.run(text), line.run(text, timeout=20, cancel=CancelToken())
                assert (text, offline) == (text, Ok(replace(ran, stdout=AGE.sub(b"00:00:00 ago", ran.stdout), seconds=0.0)))
        finally:
            line.close()


def test_rehearsed_the_series_follow_the_virtual_clock():
    done = rehearse(FLAPS, load_playbook(DATA / "route-source.yaml"))
    assert done.problems == ()
    assert done.verdict is not None
    assert done.verdict.reason == "the route comes from bgp and eigrp in turn"
    told = [
        (event.at - STARTED, event.outcome.answer.stdout.decode()) for event in done.events if isinstance(event, EffectAnswered) and "@" in event.key
    ]
    assert [(at, text.splitlines()[1].split('"')[1]) for at, text in told] == [
        (at / 2, "bgp 65012" if at / 2 % 2.6 < 1.3 else "eigrp 1") for at in range(9)
    ]
    assert "Last updated 00:00:01 ago" in told[2][1]


def test_a_demo_walks_it_over_the_network_in_real_time(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: None)  # without a capture nothing has to be decoded
    scenario = replace(FLAPS, playbook=str(DATA / "route-source.yaml"))
    code = demo.play(scenario, Namespace(record=str(tmp_path), json=True, no_tui=True))
    document = json.loads(capsys.readouterr().out)
    assert (code, document["verdict"]["kind"]) == (3, "inconclusive")
    assert sorted(document["verdict"]["reason"].removeprefix("the route comes from ").removesuffix(" in turn").split(" and ")) == ["bgp", "eigrp"]


def test_a_device_says_which_of_the_platforms_it_is(tmp_path):
    """And the role that is left out is nobody's."""
    command = "vtysh -c 'show ipv6 route 2001:db9:121:1::/64 json'"
    route = '{"2001:db9:121:1::/64":[{"prefix":"2001:db9:121:1::/64","protocol":"ospf6","selected":true,"installed":true,"distance":250,"metric":20,"nexthops":[{"fib":true,"ip":"fe80::1","afi":"ipv6","interfaceName":"eth0","active":true}]}]}'
    text = f"inputs: {{prefix: '2001:db9:121:1::/64', seconds: 1}}\ndevices:\n  router:\n    platform: frr\n    name: r2\n    commands:\n      - run: {command}\n        stdout: '{route}'\n"
    (tmp_path / "scenario.yaml").write_text(HEAD + text + EXPECT)
    done = rehearse(load_scenario(tmp_path), load_playbook(DATA / "route-source.yaml"))
    assert done.problems == ()
    scenario = replace(load_scenario(tmp_path), playbook=str(DATA / "route-source.yaml"))
    assert demo.play(scenario, Namespace(record=str(tmp_path), json=True, no_tui=True)) == 0


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("platform: cisco_oss", "there is no platform `cisco_oss`"),
        ("platform: linux, cli: {start: user}", "linux has a shell"),
        ("platform: cisco_ios, cli: {start: root}", "'privileged' or 'user'"),
        ("platform: cisco_ios, commands: [{run: show x, exit: 1}]", "no exit status"),
        ("platform: cisco_ios, commands: [{run: show x, stderr: x}]", "one stream"),
        ("platform: cisco_ios, commands: [{run: show x, fails: permission-denied}]", "give the words by which the device refuses it"),
        ("platform: cisco_ios, capture: {fails: no-space}", "nothing captures on a command line"),
    ],
)
def test_what_a_command_line_cannot_do_is_told_at_its_line(tmp_path, device, words):
    (tmp_path / "scenario.yaml").write_text(f"{HEAD}devices:\n  host: {{name: R2, {device}}}\n{EXPECT}")
    with pytest.raises(PlaybookError) as caught:
        load_scenario(tmp_path)
    assert [problem for problem in caught.value.problems if "scenario.yaml:5:" in problem and words in problem], caught.value.problems
