"""IOS, NX-OS and EOS: what the cases need is known to only read and has its parser; what debugs, clears or writes is not; refusals are known."""

from __future__ import annotations

import pytest

from tshoot.platforms.loader import load_platform

PARSED = {
    "cisco_ios": {
        "show ipv6 route 2001:DB9:121:1::/64": "ios_show_route",
        "show ipv6 route 2001:DB9:121:1::1": "ios_show_route",
        "show ip route 10.0.0.0 255.255.255.0": "ios_show_route",
        "show ip route vrf RED 10.0.0.1": "ios_show_route",
        "show ipv6 route bgp": "ios_show_route",
        "show bgp ipv6 unicast 2001:DB9:121:1::/64": "ios_show_bgp_route",
        "show ip bgp 10.0.0.0": "ios_show_bgp_route",
        "show bgp ipv6 unicast summary": "ios_show_bgp_summary",
        "show ip bgp summary": "ios_show_bgp_summary",
        "show bgp ipv6 unicast neighbors": "ios_show_bgp_neighbors",
        "show bgp ipv6 unicast neighbors 2001:DB9:121:100::1": "ios_show_bgp_neighbors",
        "show ip bgp neighbors 10.0.0.1": "ios_show_bgp_neighbors",
        "show ipv6 neighbors": "ios_show_ipv6_neighbors",
        "show ipv6 neighbors GigabitEthernet0/0/1": "ios_show_ipv6_neighbors",
        "show ip arp": "ios_show_arp",
        "show ip arp 192.0.2.1": "ios_show_arp",
        "show arp": "ios_show_arp",
        "show mac address-table address c417.fe12.7d75": "ios_show_mac_address_table",
        "show running-config | section router bgp": "ios_routing_config",
        "show running-config | section route-map": "ios_routing_config",
        "show running-config | section prefix-list": "ios_routing_config",
        "show logging": "ios_routing_log",
        "show logging | include BGP": "ios_routing_log",
    },
    "cisco_nxos": {
        "show ipv6 route 2001:db9:121:1::/64": "nxos_show_route",
        "show ip route 10.0.0.1 vrf RED": "nxos_show_route",
        "show bgp ipv6 unicast 2001:db9:121:1::/64": "nxos_show_bgp_route",
        "show ip bgp 10.0.0.0/24": "nxos_show_bgp_route",
        "show ip bgp summary": "ios_show_bgp_summary",
        "show bgp ipv6 unicast neighbors": "ios_show_bgp_neighbors",
        "show ipv6 neighbor": "nxos_show_ipv6_neighbors",
        "show ip arp vrf RED": "nxos_show_arp",
        "show mac address-table": "nxos_show_mac_address_table",
        "show running-config bgp": "ios_routing_config",
        "show running-config | section router bgp": "ios_routing_config",
        "show logging logfile | include BGP": "ios_routing_log",
    },
    "arista_eos": {
        "show ipv6 route 2001:db9:121:1::/64": "eos_show_route",
        "show ip route vrf RED 10.0.0.1": "eos_show_route",
        "show bgp ipv6 unicast 2001:db9:121:1::/64": "eos_show_bgp_route",
        "show ip bgp 10.0.0.0/24": "eos_show_bgp_route",
        "show ip bgp summary": "ios_show_bgp_summary",
        "show bgp neighbors 10.0.0.1": "ios_show_bgp_neighbors",
        "show ipv6 neighbors": "eos_show_ipv6_neighbors",
        "show ip arp": "eos_show_arp",
        "show mac address-table": "eos_show_mac_address_table",
        "show running-config section bgp": "eos_routing_config",
        "show running-config | section route-map": "eos_routing_config",
        "show logging | include BGP": "ios_routing_log",
    },
}
READ = {
    "cisco_ios": """
        show ipv6 mroute
        show ipv6 pim group-map 2001:db8:afe:fe00::1
        show ipv6 pim neighbor
        show running-config | include tftp
        show running-config interface Tunnel0
        show ipv6 dhcp binding
        show ipv6 dhcp interface GigabitEthernet0/0
        show interfaces trunk
        show interfaces GigabitEthernet1/0/1 trunk
        show vlan brief
        show lacp neighbor
        show etherchannel summary
        show fabric utilization detail
        show fabric drop
        show interfaces counters errors
        show crypto isakmp sa
        show crypto ipsec sa peer 192.0.2.9 detail
        show debugging
        ping 192.0.2.1 repeat 5 size 1472 df-bit source Loopback0
        ping ipv6 2001:db8::1 repeat 5
        traceroute 192.0.2.1 probe 1 timeout 1 ttl 1 15
    """,
    "cisco_nxos": """
        show port-channel summary
        show lacp neighbor
        show interface trunk
        show interface counters errors
        show nve peers
        show vlan brief
        ping 192.0.2.1 count 5 packet-size 1472 df-bit vrf RED
        ping6 2001:db8::1 count 3
        traceroute 192.0.2.1
    """,
    "arista_eos": """
        show vmtracer session
        show vmtracer vm
        show vlan dynamic
        show interfaces trunk
        show lacp neighbor
        show vxlan vtep
        ping 192.0.2.1 repeat 5 size 1472 df-bit
        ping vrf RED 192.0.2.1
        traceroute 192.0.2.1
    """,
}
NOT_READING = """
    debug bgp ipv6 unicast
    debug ip routing
    debug bgp ipv6 unicast updates
    undebug all
    no debug all
    terminal monitor
    clear bgp ipv6 unicast *
    clear ip bgp 10.0.0.1
    clear ipv6 neighbors
    clear arp-cache
    clear logging
    clear counters
    configure terminal
    copy running-config startup-config
    copy running-config tftp://192.0.2.9/x
    write
    write memory
    reload
    show running-config
    show startup-config
    show tech-support
    show running-config | redirect flash:x
    show running-config | tee flash:x
    show logging | redirect flash:x
    show logging | append flash:x
    ping
    ping 192.0.2.1 repeat 1000000
    ping 192.0.2.1 count unlimited
    ping 192.0.2.1 timeout 0
    ping ipv6
    traceroute
    test crash
    tclsh
    run bash
    bash
    guestshell
    monitor session 1
    more flash:config.text
    dir flash:
    delete flash:x
    ssh -l root 192.0.2.9
    telnet 192.0.2.9
    send *
    show file systems
    show ip route ?
"""
REFUSED = {
    "cisco_ios": [
        "% Invalid input detected at '^' marker.",
        "% Incomplete command.",
        '% Ambiguous command:  "show i"',
        "Command authorization failed.",
    ],
    "cisco_nxos": ["% Invalid command at '^' marker.", "% Incomplete command at '^' marker.", "% Permission denied for the role"],
    "arista_eos": [
        "% Invalid input (at token 1: 'rout')",
        "% Invalid input (privileged mode required)",
        "% Incomplete command",
        "% Ambiguous command",
    ],
}
ANSWERS = ["% Network not in table", "% Route not found", "% BGP not active", "% Subnet not in table"]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize(("platform", "command", "parser"), [(name, *pair) for name, known in PARSED.items() for pair in known.items()])
def test_what_the_cases_read_has_its_parser(platform: str, command: str, parser: str) -> None:
    rule = load_platform(platform).rule_for(command)
    assert rule is not None and rule.parser == parser


@pytest.mark.parametrize(("platform", "command"), [(name, command) for name, text in READ.items() for command in lines(text)])
def test_what_the_later_cases_read_passes(platform: str, command: str) -> None:
    assert load_platform(platform).rule_for(command) is not None


@pytest.mark.parametrize("platform", PARSED)
@pytest.mark.parametrize("command", lines(NOT_READING))
def test_what_changes_writes_or_floods_does_not(platform: str, command: str) -> None:
    assert load_platform(platform).rule_for(command) is None


@pytest.mark.parametrize("platform", PARSED)
def test_every_pattern_shows_or_probes(platform: str) -> None:
    assert {rule.pattern.split()[0] for rule in load_platform(platform).commands} <= {"show", "ping", "ping6", "traceroute", "traceroute6"}


@pytest.mark.parametrize(("platform", "said"), [(name, said) for name, known in REFUSED.items() for said in known])
def test_a_refusal_is_known(platform: str, said: str) -> None:
    assert load_platform(platform).refusal(f"show x\n     ^\n{said}\n\n") == " ".join(said.split())


@pytest.mark.parametrize("platform", PARSED)
@pytest.mark.parametrize("said", ANSWERS)
def test_an_answer_is_no_refusal(platform: str, said: str) -> None:
    assert load_platform(platform).refusal(f"{said}\n") == ""
