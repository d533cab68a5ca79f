"""Secrets never enter a session: each syntax literally, what must stay, and that the engine and the log see the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_patience import TOO_LONG, seconds, slowest
from tshoot.model.events import CommandRan, EffectAnswered, Failed, NoteAdded, Ok, OperatorAnswered
from tshoot.session import secret_lines
from tshoot.session.log import SessionLog
from tshoot.session.masking import masked
from tshoot.session.read import read_events
from tshoot.session.secret_rules import RULES
from tshoot.session.secrets import without_secrets
from tshoot.shipped import shipped

HIDDEN = [  # the line, and what must be gone from it
    # IOS, IOS XE
    ("enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0"),
    ("enable secret 9 $9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM", "X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM"),
    ("enable password s3cr3t words", "s3cr3t words"),
    ("enable password level 7 7 0822455D0A16", "0822455D0A16"),
    ("username admin privilege 15 secret 5 $1$abcd$efgh", "$1$abcd$efgh"),
    ("username bob password 0 Pa55 word", "Pa55 word"),
    ("username carl algorithm-type scrypt secret hunter2", "hunter2"),
    (" password 7 13061E010803", "13061E010803"),
    (" neighbor 192.0.2.1 password 7 094F471A1A0A", "094F471A1A0A"),
    (" neighbor 2001:db8::1 password MyBgpKey!", "MyBgpKey!"),
    (" neighbor PEERS password peergroup-key", "peergroup-key"),
    ("snmp-server community publ1c RO 10", "publ1c"),
    ("snmp-server community 7 0822455D view ALL RW", "0822455D"),
    ("snmp-server host 192.0.2.9 version 2c tr4ps", "tr4ps"),
    ("snmp-server host 192.0.2.9 vrf MGMT informs version 2c tr4ps bgp", "tr4ps"),
    ("snmp-server host 192.0.2.9 tr4ps", "tr4ps"),
    ("snmp-server user ops GRP v3 auth sha AuthPass1 priv aes 128 PrivPass2", "PrivPass2"),
    ("snmp-server user ops GRP v3 auth md5 AuthPass1", "AuthPass1"),
    ("tacacs-server host 192.0.2.5 key 7 070C285F4D06", "070C285F4D06"),
    ("tacacs-server key T4cacs", "T4cacs"),
    ("radius-server key 0 R4dius", "R4dius"),
    ("radius-server host 192.0.2.5 auth-port 1812 acct-port 1813 key R4dius", "R4dius"),
    (" key 7 02050D480809", "02050D480809"),
    (" server-private 192.0.2.4 timeout 5 key 7 02050D480809", "02050D480809"),
    ("  key-string 7 0822455D0A16", "0822455D0A16"),
    (" ip ospf authentication-key 7 045802150C2E", "045802150C2E"),
    (" ip ospf message-digest-key 1 md5 7 045802150C2E", "045802150C2E"),
    ("ntp authentication-key 1 md5 104D000A0618 7", "104D000A0618"),
    (" standby 1 authentication md5 key-string 7 045802150C2E", "045802150C2E"),
    (" standby 1 authentication h5rp", "h5rp"),
    (" vrrp 1 authentication text vrrpkey", "vrrpkey"),
    (" isis password isiskey level-2", "isiskey"),
    (" area-password areakey", "areakey"),
    ("crypto isakmp key Sh4red address 198.51.100.7", "Sh4red"),
    ("  pre-shared-key local Sh4red", "Sh4red"),
    (" ppp chap password 7 045802150C2E", "045802150C2E"),
    (" ppp pap sent-username isp password 0 papkey", "papkey"),
    ("key config-key password-encrypt M4ster", "M4ster"),
    # NX-OS
    ("username admin password 5 $5$IJKLMN$abcdefghijklmno  role network-admin", "$5$IJKLMN$abcdefghijklmno"),
    ("snmp-server user admin network-admin auth md5 0x1a2b3c4d priv 0x5e6f7a8b localizedkey", "0x5e6f7a8b"),
    ("snmp-server community n3xus group network-operator", "n3xus"),
    ('tacacs-server host 192.0.2.5 key 7 "Fewhg12345"', "Fewhg12345"),
    ("    password 3 9125d59c18a9b015", "9125d59c18a9b015"),
    # EOS
    ("username admin role network-admin secret sha512 $6$abc$defghijk", "$6$abc$defghijk"),
    ("enable password sha512 $6$abc$defghijk", "$6$abc$defghijk"),
    ("   neighbor 192.0.2.1 password 7 OGLzQPJlGXQ=", "OGLzQPJlGXQ="),
    ("tacacs-server host 192.0.2.5 vrf MGMT key 7 070C285F4D06", "070C285F4D06"),
    # FRR, BIRD
    ("password zebra", "zebra"),
    (" neighbor 203.0.113.9 password frrkey", "frrkey"),
    ("enable password 8 4nQsLvXk", "4nQsLvXk"),
    ('    password "b1rdkey";', "b1rdkey"),
    # Linux, ESXi
    ("root:$6$saltsalt$Vt6fWk3lmnopq:19000:0:99999:7:::", "$6$saltsalt$Vt6fWk3lmnopq"),
    ("//filer/share /mnt cifs rw,username=bob,password=c1fs,vers=3.0 0 0", "c1fs"),
    ("rocommunity n3tsnmp 192.0.2.0/24", "n3tsnmp"),
    ("com2sec local default n3tsnmp", "n3tsnmp"),
    ("   Communities: publ1c, priv4te", "priv4te"),
    ("esxcli storage nfs41 add -H nas --password hunter2", "hunter2"),
    ("esxcli iscsi adapter auth chap set --secret=ch4p --authname=x", "ch4p"),
    ('{"user": "bob", "password": "js0n", "n": 1}', "js0n"),
    ("<password>xmlpw</password>", "xmlpw"),
    ("psk=wifikey", "wifikey"),
    ("PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=", "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="),
    ("PresharedKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=", "yAnz5TF+lXXJte14tji3zlMNq"),
    ("wget https://bob:t0ken@repo.example.net/x", "t0ken"),
    ("Authorization: Basic Ym9iOnNlY3JldA==", "Ym9iOnNlY3JldA=="),
    ("\tauth-trunc hmac(sha256) 0x00112233445566778899aabbccddeeff 128", "00112233445566778899aabbccddeeff"),
    ("secret_access_key = wJalrXUtnFEMIK7MDENG", "wJalrXUtnFEMIK7MDENG"),
    # options of programs: typed, in a history, in a list of processes
    ("snmpwalk -v2c -c S3kr1tComm 192.0.2.99 sysDescr", "S3kr1tComm"),
    ("  512  snmpbulkwalk -Os -v 2c -cS3kr1tComm 192.0.2.99", "S3kr1tComm"),
    ("root      4711  0.0 snmpget -v3 -l authPriv -u ops -a SHA -A AuthPhr4se -x AES -X Pr1vPhrase 192.0.2.99", "AuthPhr4se"),
    ("root      4711  0.0 snmpget -v3 -l authPriv -u ops -a SHA -A AuthPhr4se -x AES -X Pr1vPhrase 192.0.2.99", "Pr1vPhrase"),
    ("snmptrap -v2c -c 'tr4p comm' 192.0.2.99 '' 1.3.6.1", "tr4p comm"),
    ("/usr/lib/nagios/plugins/check_snmp -H 192.0.2.99 -C n4gComm -c 1:5", "n4gComm"),
    ("esxcli iscsi adapter auth chap set -A vmhba64 -N bob -S ch4pSecret", "ch4pSecret"),
    ("esxcli system snmp set -e 1 -c 3sxComm", "3sxComm"),
    ("esxcli -s vc.example -u root -p R00tWord network nic list", "R00tWord"),
    ("curl -sku bob:curlW0rd https://192.0.2.99/", "curlW0rd"),
    ("curl -H 'Accept: a;q=1' -U bob:pr0xyW0rd -u bob:curlW0rd https://192.0.2.99/", "pr0xyW0rd"),
    ("curl -H 'Accept: a;q=1' -U bob:pr0xyW0rd -u bob:curlW0rd https://192.0.2.99/", "curlW0rd"),
    ("curl --user 'bob:curl W0rd' https://192.0.2.99/", "curl W0rd"),
    ("mysql -u bob -pmyW0rd5 -h db", "myW0rd5"),
    ("ipmitool -I lanplus -H 192.0.2.99 -U admin -P 1pmiWord chassis status", "1pmiWord"),
    ("ldapsearch -x -D cn=bob -w ld4pWord", "ld4pWord"),
    ("smbclient //filer/x -U bob%smbW0rd", "smbW0rd"),
    ("wget --http-password Wg3tWord https://192.0.2.99/", "Wg3tWord"),
    # labels within other words
    ('  "md5Password": "c4melWord",', "c4melWord"),
    ('{"clientSecret":"c4melSecret","n":1}', "c4melSecret"),
    ('"BGPPassword": "bgpW0rd"', "bgpW0rd"),
    ('"ospfKeyString" : "k3yString"', "k3yString"),
    ("PGPASSWORD=pgW0rd77", "pgW0rd77"),
    ("<ns:md5Password>xmlW0rd7</ns:md5Password>", "xmlW0rd7"),
    ('"password": "half\\"Qu0ted"', "Qu0ted"),
    ("snmp_community: 4nsible", "4nsible"),
    ("   authentication key-id 1 algorithm sha-256 key 7 070C285F4D06", "070C285F4D06"),
    ("TACACS+ shared secret key:T4cacs99", "T4cacs99"),
    ("Community name: publ1cName", "publ1cName"),
]

STAYS = [
    "neighbor 192.0.2.1 remote-as 65001",
    "ip route 10.0.0.0 255.0.0.0 192.0.2.1",
    "service password-encryption",
    "      Community: 65001:1",
    "\tBGP.community: (65000,1) (65000,2)",
    '    "community":{"string":"65001:1","list":["65001:1"]},',
    "Community: no-export",
    "Failed password for root from 192.0.2.1 port 22 ssh2",
    "%TCP-6-BADAUTH: No MD5 digest from 192.0.2.1(179) to 192.0.2.2(11003)",
    "key chain OSPF-KEYS",
    "vmk1  192.0.2.20  255.255.255.0  9000",
    "2024-01-01T00:00:00Z cpu2:2097)NFS: 162: Command: (mount) Server: (nas-01) IP: (192.0.2.5) Path: (/vol/data) Label: (data)",
    "B     192.0.2.0/24 [20/0] via 198.51.100.1, 00:00:10",
    "  Local host: 192.0.2.1, Local port: 179, TCP MD5 enabled",
    '{"keyId": "77", "publicKey": "ssh-ed25519 AAAA", "hotkeys": "a", "monkey": "b"}',
    '{"passwordAge": 90, "resetPassword": false, "password": null}',
    "snmpd -c /etc/snmp/snmpd.conf -Lf /dev/null",
    "snmpwalk -Cc -v3 -u ops -l noAuthNoPriv -a SHA -x AES 192.0.2.99",
    "check_snmp -H 192.0.2.99 -c 1:5 -w 2:4",
    "snmp-server contact ops -c team",
    "ping -c 3 192.0.2.1; snmpwalk -v3 192.0.2.9 | head -c 40",
    "curl -sS -o /dev/null https://192.0.2.99:8443/x",
    "curl -A agent -X POST https://192.0.2.99/",
    "mysql -u bob -p -h db --port 3306",
    "esxcli network vswitch standard portgroup set -p Storage -v 20",
    "esxcli --formatter=csv network ip interface add -i vmk2 -p Storage",
    "esxcli iscsi adapter auth chap get -A vmhba64",
    "tcpdump -A -X -c 10 -i eth0",
    "No valid authentication send key is available on interface Gi0/1",
    "set community 65000:1 additive",
]


@pytest.mark.parametrize(("line", "secret"), HIDDEN)
def test_a_secret_becomes_as_many_asterisks(line: str, secret: str) -> None:
    masked_line = without_secrets(f"before 192.0.2.77\r\n{line}\r\nbehind\n".encode()).decode()
    assert secret not in masked_line
    assert len(masked_line) == len(f"before 192.0.2.77\r\n{line}\r\nbehind\n")
    assert masked_line.startswith("before 192.0.2.77\r\n")
    assert masked_line.endswith("\r\nbehind\n")
    for address in ("192.0.2.1 ", "192.0.2.5 ", "198.51.100.7", "192.0.2.9 "):
        assert (address in masked_line) == (address in line)


@pytest.mark.parametrize("line", STAYS)
def test_what_is_no_secret_stays(line: str) -> None:
    assert without_secrets(line.encode()) == line.encode()


def test_a_private_key_is_masked_line_by_line_also_where_it_is_cut_off() -> None:
    block = b"x\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\naC1rZXk=\n-----END OPENSSH PRIVATE KEY-----\nbehind\n"
    assert without_secrets(block) == b"x\n-----BEGIN OPENSSH PRIVATE KEY-----\n********\n********\n-----END OPENSSH PRIVATE KEY-----\nbehind\n"
    assert without_secrets(b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd") == b"-----BEGIN RSA PRIVATE KEY-----\n****\n****"


@given(st.binary(max_size=400))
def test_length_and_lines_stay_and_masking_again_changes_nothing(data: bytes) -> None:
    for raw in (data, b"password " + data, b"snmp-server community " + data, b"-----BEGIN PRIVATE KEY-----" + data):
        hidden = without_secrets(raw)
        assert len(hidden) == len(raw)
        assert hidden.count(b"\n") == raw.count(b"\n")
        assert without_secrets(hidden) == hidden


def test_no_output_of_the_fixtures_is_touched() -> None:
    """They hold no secrets: whatever is masked there is a false alarm that hides facts."""
    outputs = [path for name in ("fixtures/commands", "fixtures/scenarios") for path in shipped(name).rglob("*.txt")]
    assert len(outputs) > 200
    assert [str(path) for path in outputs if without_secrets(path.read_bytes()) != path.read_bytes()] == []


def test_no_session_and_no_playbook_that_ships_is_touched() -> None:
    files = [path for name in ("fixtures/sessions", "playbooks") for path in shipped(name).rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [str(path) for path in files if without_secrets(path.read_bytes()) != path.read_bytes()] == []


LONG = [
    '"password": "Hunter2-Sesame-9911", "z":1',
    "enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0",
    " snmpwalk -v3 -A Hunter2Sesame -X 'Hunter3 Sesame' h; snmpget -c Hunter4 h",
    " key 7 02050D480809",
    " neighbor 192.0.2.1 password 7 " + "094F" * 3000,
    '"secret": "' + "Hunter2 " * 2000 + '", "b": 1',
    "<password>" + "Hunter2" * 800 + "</password> <md5Secret>x7y8z9</md5Secret>",
]


@pytest.mark.parametrize("secret", LONG)
@pytest.mark.parametrize("before", ["", "{"])
def test_a_line_of_any_length_is_masked_as_if_it_were_looked_at_whole(secret: str, before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around each place where a longer line is cut into windows, and where it once was cut."""
    window, further = secret_lines._WINDOW, secret_lines._FURTHER
    rules = [(re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for _, pattern in RULES]
    for border in (window, window + further, 2 * window, 65_536):
        for back in (0, 1, 9, 20, len(secret) // 2, len(secret)):
            filler = border - back - len(before) - 2
            line = (before + "x" * filler + ", " + secret + " " + "y" * 3000 + "\n").encode()
            whole = line
            for rule in rules:
                whole = rule.sub(secret_lines._starred, whole)
            assert without_secrets(line) == whole
            assert b"Hunter" not in whole


def test_a_line_of_any_content_is_masked_as_if_it_were_looked_at_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line, _ in HIDDEN] + STAYS
    monkeypatch.setattr(secret_lines, "_WINDOW", 10_000)
    whole = [without_secrets(f"{' '.join(lines[at : at + 40])}\n".encode()) for at in range(len(lines))]
    monkeypatch.setattr(secret_lines, "_WINDOW", 64)
    monkeypatch.setattr(secret_lines, "_FURTHER", 600)
    assert [without_secrets(f"{' '.join(lines[at : at + 40])}\n".encode()) for at in range(len(lines))] == whole
    assert all(line.count(b"*") > 5 for line in whole[:60])


@pytest.mark.parametrize(
    ("words", "pattern"),
    RULES,
    ids=lambda value: value.decode("ascii")[:30] if isinstance(value, bytes) else "+".join(value and [one.decode() for one in value[:2]]),
)
def test_no_rule_takes_long_over_any_line(words: tuple[bytes, ...], pattern: bytes) -> None:
    took, line = slowest(re.compile(pattern.decode("ascii"), re.IGNORECASE | re.MULTILINE), "sub")
    assert took < TOO_LONG, f"{pattern!r} takes {took:.3f} s over {line[:60]!r}"


@pytest.mark.parametrize(
    "unit", ["password = ", 'password="', "snmpwalk -c", "<secret>", "tunnel key x ", "-eyJaaaaaaaaaa", "enable secret ", "xPassword:"]
)
def test_twice_as_long_a_line_takes_no_four_times_as_long(unit: str) -> None:
    short, long = ((unit * (size // len(unit))).encode() for size in (250_000, 1_000_000))
    without_secrets(short)
    before, took = (min(seconds(lambda raw=raw: without_secrets(raw)) for _ in range(3)) for raw in (short, long))  # type: ignore[misc]
    assert took < 9 * before + 0.1


def test_a_long_line_takes_no_time() -> None:
    raw = (b"password" + b" " * 50 + b"snmp-server user auth key ") * 20000
    assert len(without_secrets(raw)) == len(raw)


def test_the_log_holds_no_secret_wherever_it_enters(tmp_path: Path) -> None:
    ran = CommandRan(0, b"hostname r1\nenable secret 5 $1$mERr$hx5rVt7r\n", b"password: hunter2\n", 0.1)
    with SessionLog.create(tmp_path, "demo", "id: demo\n", {}) as log:
        log.append(EffectAnswered(1.0, "a", Ok(ran)))
        log.append(EffectAnswered(2.0, "b", Failed("timeout", "https://bob:hunter2@x", "", ran)))
        log.append(EffectAnswered(3.0, "c", Ok(OperatorAnswered("password=hunter2"))))
        log.append(NoteAdded(4.0, "the password: hunter2", "bob"))
        folder = log.folder
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"hunter2" not in stored
    assert b"hx5rVt7r" not in stored
    events = [event for _, event in read_events(folder)]
    assert masked(EffectAnswered(1.0, "a", Ok(ran))) == events[0]
