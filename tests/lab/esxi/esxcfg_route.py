"""`esxcfg-route -l` from this host's real routes."""

import ipaddress
import json
import subprocess
import sys

ROW = "{:<16} {:<16} {:<16} {:<15}"

if sys.argv[1:] != ["-l"]:
    sys.exit("usage: esxcfg-route -l")
print("VMkernel Routes:")
print(ROW.format("Network", "Netmask", "Gateway", "Interface"))
for route in sorted(json.loads(subprocess.check_output(["ip", "-j", "-4", "route"])), key=lambda route: route["dst"] == "default"):
    gateway = route.get("gateway", "Local Subnet")
    if route["dst"] == "default":
        print(ROW.format("default", "0.0.0.0", gateway, route["dev"]))
    else:
        network = ipaddress.ip_network(route["dst"])
        print(ROW.format(str(network.network_address), str(network.netmask), gateway, route["dev"]))
