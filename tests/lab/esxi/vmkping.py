"""`vmkping`: the ping of iputils, with ESXi's options and its words. Faster than one packet a second, and one second of patience."""

import argparse
import re
import subprocess
import sys

SAME = re.compile(r"(\d+) bytes from (\S+): icmp_seq=(\d+) (ttl=\d+ time=[\d.]+ ms)")
COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) received,.* ([\d.]+%) packet loss")
ROUND_TRIP = re.compile(r"rtt min/avg/max/mdev = ([\d.]+/[\d.]+/[\d.]+)/[\d.]+ ms")
NEEDED = re.compile(r"From (\S+) icmp_seq=\d+ Frag needed and DF set \(mtu = (\d+)\)")
UNREACHABLE = re.compile(r"From (\S+) icmp_seq=\d+ (Destination .*|Packet filtered)")

parser = argparse.ArgumentParser(prog="vmkping", add_help=False)
parser.add_argument("-I", dest="interface")
parser.add_argument("-d", dest="whole", action="store_true")
parser.add_argument("-s", dest="size", default="56")
parser.add_argument("-c", dest="count", default="3")
parser.add_argument("host")
asked = parser.parse_args()
words = ["ping", "-n", "-i", "0.2", "-W", "1", "-s", asked.size, "-c", asked.count]
words += ["-I", asked.interface] if asked.interface else []
words += ["-M", "do"] if asked.whole else ["-M", "dont"]
done = subprocess.run([*words, asked.host], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
print(f"PING {asked.host} ({asked.host}): {asked.size} data bytes")
for line in done.stdout.splitlines()[1:] if done.stdout.startswith("PING") else done.stdout.splitlines():
    if found := SAME.match(line):
        print(f"{found[1]} bytes from {found[2]}: icmp_seq={int(found[3]) - 1} {found[4]}")
    elif found := NEEDED.match(line):
        print(f"36 bytes from {found[1]}: frag needed and DF set (MTU {found[2]})")
    elif "essage too long" in line:
        print("sendto() failed (Message too long)")
    elif "etwork is unreachable" in line:
        print("sendto() failed (Network is unreachable)")
    elif "Destination Host Unreachable" in line:
        print("sendto() failed (Host is down)")
    elif found := UNREACHABLE.match(line):
        print(f"36 bytes from {found[1]}: {found[2]}")
    elif found := COUNTS.match(line):
        print(f"{found[1]} packets transmitted, {found[2]} packets received, {found[3]} packet loss")
    elif found := ROUND_TRIP.match(line):
        print(f"round-trip min/avg/max = {found[1]} ms")
    elif line.startswith("---") or not line.strip():
        print(line)
    elif line.startswith("ping: "):
        print(line.removeprefix("ping: "), file=sys.stderr)
sys.exit(done.returncode)
