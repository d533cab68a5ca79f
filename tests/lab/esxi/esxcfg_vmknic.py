"""`esxcfg-vmknic -l` from this host's real interfaces."""

import ipaddress
import json
import subprocess
import sys

ROW = "{:<10} {:<39} {:<9} {:<39} {:<15} {:<15} {:<17} {:<7} {:<9} {:<7} {:<19} {:<20}"

if sys.argv[1:] != ["-l"]:
    sys.exit("usage: esxcfg-vmknic -l")
print(
    ROW.format(
        "Interface",
        "Port Group/DVPort/Opaque Network",
        "IP Family",
        "IP Address",
        "Netmask",
        "Broadcast",
        "MAC Address",
        "MTU",
        "TSO MSS",
        "Enabled",
        "Type",
        "NetStack",
    )
)
for link in json.loads(subprocess.check_output(["ip", "-j", "address"])):
    if not link["ifname"].startswith("vmk"):
        continue
    group = "Management Network" if link["ifname"] == "vmk0" else "Storage Network"
    for one in link["addr_info"]:
        four = one["family"] == "inet"
        netmask = str(ipaddress.ip_network(f"0.0.0.0/{one['prefixlen']}").netmask) if four else str(one["prefixlen"])
        enabled = "true" if "UP" in link["flags"] else "false"
        print(
            ROW.format(
                link["ifname"],
                group,
                "IPv4" if four else "IPv6",
                one["local"],
                netmask,
                one.get("broadcast", ""),
                link["address"],
                link["mtu"],
                65535,
                enabled,
                "STATIC" if four else "STATIC, PREFERRED",
                "defaultTcpipStack",
            )
        )
