"""What other programs call the platforms that tshoot knows: Ansible's network_os, NetBox's slugs, containerlab's kinds.

Names as they are documented (docs.ansible.com, network_cli; containerlab.dev/manual/kinds); NetBox leaves slugs to its users, so those that
are common stand here. A word that is not here is no platform of ours: it is shown, and nothing is guessed.
"""

from __future__ import annotations

import re

_WORDS = {
    "cisco_ios": """cisco-ios ios iosxe ios-xe cisco-iosxe cisco-ios-xe cisco-ios.ios cisco.ios cisco.ios.ios cisco-xe cisco-iol cisco-iosv cisco-vios
        cisco-csr1000v csr vr-csr vr-cisco-csr1000v cisco-c8000v vr-c8000v vr-cisco-c8000v cisco-cat9kv vr-cat9kv vr-cisco-cat9kv""",
    "cisco_nxos": "cisco-nxos nxos nx-os cisco-nx-os cisco.nxos cisco.nxos.nxos cisco-n9kv vr-n9kv vr-cisco-n9kv",
    "arista_eos": "arista-eos eos arista.eos arista.eos.eos ceos arista-ceos arista-veos veos vr-veos vr-arista-veos",
    "vmware_esxi": "vmware-esxi esxi vmware-esx esx vsphere-esxi vmware-vsphere-esxi",
    "linux": "linux debian ubuntu rhel centos rocky almalinux fedora suse sles alpine",
    "frr": "frr frrouting frr.frr frr.frr.frr frr-linux",
    "frr_vtysh": "frr-vtysh",
    "bird": "bird bird2",
}
_PLATFORMS = {word: platform for platform, words in _WORDS.items() for word in words.split()}
_RELEASE = re.compile(r"-v?\d[\w.]*$")


def platform_of(word: str) -> str:
    """Our platform for another program's word, "" where there is none. A release at its end is passed over: `ios-15-2`, `esxi-8.0`."""
    key = re.sub(r"[\s_/]+", "-", word[:100].strip().lower())
    while key and key not in _PLATFORMS:
        shorter = _RELEASE.sub("", key)
        if shorter == key:
            return ""
        key = shorter
    return _PLATFORMS.get(key, "")
