"""Our reading of ssh_config, compared with what OpenSSH's own client makes of the same file (`ssh -G`), option by option."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import pytest

from tshoot.errors import TargetError, UsageError
from tshoot.transports.address import Address, parse_address, parse_jump
from tshoot.transports.base import NeedsOpenSsh
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.config.resolving import named_hosts, resolve
from tshoot.transports.config.tokens import percent
from tshoot.transports.ssh.algorithms import assemble

CONFIG = """
# global
Include conf.d/*.conf
Host esx* !esx99
    User root
    IdentityFile ~/.ssh/esx_%h
    Include nested
    Port 2022
Host=esx01
    HostName %h.example.com
    User never-the-second-value
    IdentityFile "/keys/with space"
Host quoted "with space"
    HostName "192.0.2.9"
    HostKeyAlias farm
    UserKnownHostsFile /one /two
    IdentitiesOnly yes
    ConnectTimeout 3
Match host 192.0.2.77 user admin
    Port 7777
Match originalhost named all
    HostName named.example.com
Host *
    ServerAliveInterval 5
    User everyone
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text("Host inc\n  Port 2201\n")
    (tmp_path / "conf.d" / "b.conf").write_text(f"Host inc\n  Port 2202\n  User included\nInclude {tmp_path}/config\n")  # a cycle
    (tmp_path / "nested").write_text("Host esx01\n  ConnectTimeout 7\nHost other\n  Port 1\n")
    (tmp_path / "config").write_text(CONFIG.replace("Include nested", f"Include {tmp_path}/nested").replace("conf.d/", f"{tmp_path}/conf.d/"))
    return tmp_path / "config"


def ours(typed: str, config: Path, **places) -> HostSettings:
    return resolve(parse_address(typed), config, **places)


# --- as `ssh -G` says ------------------------------------------------------------------------------------

_FLAGS = {"true": "yes", "false": "no"}


def ssh_says(config: Path, typed: str) -> dict[str, list[str]] | None:
    """None where it refuses the file."""
    address = parse_address(typed)
    words = ["-p", str(address.port)] * bool(address.port) + ["-l", address.user or ""] * bool(address.user)
    done = subprocess.run(["ssh", "-G", "-F", str(config), *words, address.host], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        return None
    said = defaultdict(list)
    for line in done.stdout.splitlines():
        name, _, value = line.partition(" ")
        said[name].append(value)
    return said


def expanded(paths: list[str], got: HostSettings) -> list[str]:
    """`ssh -G` prints these two options as written."""
    known = {"%h": got.host, "%r": got.user, "%p": str(got.port), "%n": got.typed, "%d": str(Path.home())}
    for token, value in known.items():
        paths = [path.replace(token, value) for path in paths]
    return [str(Path(path).expanduser()) for path in paths if path != "none"]


def assert_the_same(config: Path, typed: str, defaults: dict[str, list[str]]) -> None:
    said = ssh_says(config, typed)
    text = config.read_text()
    if said is None:
        with pytest.raises(UsageError):
            ours(typed, config)
        return
    got = ours(typed, config)

    def one(name: str) -> str:
        return said[name][0] if said[name] else ""

    assert (got.host, str(got.port), got.user) == (one("hostname"), one("port"), one("user")), text
    assert got.identities_only == (one("identitiesonly") == "yes"), text
    assert (got.host_key_alias or "") == one("hostkeyalias"), text
    assert (got.identity_agent or "") == one("identityagent"), text
    assert got.connect_timeout == (None if one("connecttimeout") in ("none", "0") else float(one("connecttimeout"))), text
    assert (got.server_alive_interval, got.server_alive_count_max) == (int(one("serveraliveinterval")), int(one("serveralivecountmax"))), text
    assert got.strict_host_key_checking == _FLAGS.get(one("stricthostkeychecking"), one("stricthostkeychecking")), text
    assert got.hash_known_hosts == (one("hashknownhosts") == "yes"), text
    assert (got.address_family, got.bind_address) == (one("addressfamily"), one("bindaddress")), text
    assert got.proxy_command == percent(one("proxycommand"), {"h": got.host, "p": str(got.port)}, "theirs"), text
    assert [parse_jump(hop) for hop in got.proxy_jump] == [parse_jump(hop) for hop in one("proxyjump").split(",") if hop], text
    for name, files in (("userknownhostsfile", got.known_hosts), ("globalknownhostsfile", got.global_known_hosts)):
        words = "" if one(name) == "none" else one(name)
        assert (defaults[name][0] if files is None else " ".join(map(str, files))) == words, text
    if got.identity_files or said["identityfile"] != defaults["identityfile"]:
        assert [str(file) for file in got.identity_files] == expanded(said["identityfile"], got), text
    assert [str(file) for file in got.certificate_files] == expanded(said["certificatefile"], got), text
    for name, written in (
        ("kexalgorithms", got.kex_algorithms),
        ("ciphers", got.ciphers),
        ("macs", got.macs),
        ("hostkeyalgorithms", got.host_key_algorithms),
    ):
        assert ",".join(assemble(written, defaults[name][0].split(","))) == one(name), text
    asked = (one("preferredauthentications") or "publickey,keyboard-interactive,password").split(",")
    on = {"publickey": "pubkeyauthentication", "keyboard-interactive": "kbdinteractiveauthentication", "password": "passwordauthentication"}
    assert list(got.methods) == [name for name in asked if name in on and one(on[name]) not in ("no", "false")], text


@pytest.fixture(scope="module")
def defaults():
    return ssh_says(Path("/dev/null"), "x")


@pytest.mark.parametrize("typed", ["esx01", "esx02", "esx99", "inc", "quoted", "unnamed", "other", "me@esx01", "me@named:7"])
def test_as_openssh_reads_it(config, tmp_path, typed, defaults):
    (tmp_path / "conf.d" / "b.conf").write_text("Host inc\n  Port 2202\n  User included\n")  # OpenSSH stops at a cycle with an error
    assert_the_same(config, typed, defaults)


WRITTEN = [
    "HostName %h.Example.COM", "HostName 2001:DB8:0::1", "HostName 127.1", "HostName a%%b", "HostName %q", "HostName a b", 'HostName ""', "HostName",
    "Port ssh", "Port 0", "Port 22x", "Port 22 23", "Port 22 # c", "Port=22", "Port = 2222", '"Port" 23', "Port\t24", "  Port 25  ", "Port 99999", "Port ²",
    "ConnectTimeout 1m30", "ConnectTimeout 0", "ConnectTimeout none", "ConnectTimeout -1", "ConnectTimeout 1m30x", "ConnectTimeout 1W", "ConnectTimeout soon",
    "ServerAliveInterval 5m\nServerAliveCountMax 9", "ServerAliveCountMax x", "ServerAliveInterval none",
    "StrictHostKeyChecking accept-new", "StrictHostKeyChecking off", "StrictHostKeyChecking YES", "StrictHostKeyChecking perhaps",
    "ProxyJump a,bob@b:2022,ssh://c:2022", "ProxyJump none\nProxyCommand nc a", "ProxyJump none\nProxyJump b", "ProxyCommand none\nProxyJump b",
    "ProxyCommand nc %h %p # kept\nProxyJump b", "ProxyJump b\nProxyCommand nc", "ProxyCommand NONE", "ProxyJump NONE", "ProxyJump a#,b", "ProxyJump a b",
    "ProxyJump u@x@a:77,[::1]:5,ssh://r@q:8/", "ProxyJump a,,b", "ProxyJump none,b", "ProxyJump = a", "ProxyJump @a", "ProxyJump a:0", "ProxyJump ssh://a%40b@c",
    'ProxyCommand "nc x" y', "ProxyCommand = exec nc x", "ProxyCommand =",
    "UserKnownHostsFile none", "UserKnownHostsFile none /a", "UserKnownHostsFile ~/.kh_%h /two", "GlobalKnownHostsFile /a /b", "UserKnownHostsFile '/a b'",
    "IdentityFile a b", "IdentityFile none", "IdentityFile /k1\nIdentityFile /k2\nIdentityFile /k1", "IdentityFile %d/k_%r", "IdentityFile '/a \\' b'",
    "CertificateFile /c1\nCertificateFile /c_%h", "IdentityAgent none", "IdentityAgent ~/agent_%r", "IdentityAgent /a/%C/%h/%i/%k/%L/%l/%n/%p/%r/%u/%%%d", "HostKeyAlias x\nIdentityAgent /a/%k", "IdentityAgent ${HOME}/x", "IdentityAgent /a/%Z", "IdentityAgent ${NO_SUCH_THING_SET}", "UserKnownHostsFile /k/%k ~/%u",
    "KexAlgorithms +diffie-hellman-group14-sha1", "Ciphers aes128-ctr", "MACs -*sha1*,umac*", "HostKeyAlgorithms ^rsa-sha2-256", "Ciphers ^aes256-ctr,aes128-ctr",
    "PreferredAuthentications password,publickey", "PubkeyAuthentication no", "PasswordAuthentication no", "ChallengeResponseAuthentication no",
    "PubkeyAuthentication unbound", "PasswordAuthentication maybe", "IdentitiesOnly TRUE", "HashKnownHosts yes", "AddressFamily inet6", "AddressFamily x",
    "BindAddress 127.0.0.1", "HostKeyAlias %h", "Host", "Host \"open", "Match", "Match all host x", "Match nonsense x", "Match host", "Include", "Include ''",
    "Match host=h\n Port 7", "Match !all\n Port 7", "Match host h !final\n Port 7", "Match final\n Port 7", "Match final host h.lab\n Port 7\nMatch all\n HostName h.lab",
    "Match canonical\n Port 7", "Match user me\n Port 7", "Match localuser *,!nobody\n Port 7", "Match originalhost H\n Port 7", "Match host H\n Port 7",
    "Match exec true\n Port 7", "Match exec false\n Port 7", 'Match exec "test %n = h"\n Port 7', 'Match exec "test %r%p = root22"\n User x',
    "Match !exec false host h # comment\n Port 7", "Match originalhost x exec \"touch /no/such/place\"\n Port 7", "Host !h *\n Port 7", "Host x,h\n Port 7",
    "Host h?\n Port 7", "Host ? \"x y\" # h\n Port 7", "Host [h]\n Port 7", "Host H\n Port 7", "Host *h*\n Port 7",
    "User a\nMatch user a\n User b\n Port 9", "User 'a b'", "User a\\ b", "User \"a'b\"", "# only a comment", "Port 22\x0c",
    "HostName x\nMatch final\n HostName y", "HostName X.Lab\nMatch final host x.lab\n HostKeyAlias z", "HostName X.Lab\nMatch final\nHost x.lab\n HostKeyAlias z",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_one_line_as_openssh_reads_it(tmp_path, text, defaults):
    (tmp_path / "config").write_text(text + "\n")
    assert_the_same(tmp_path / "config", "h", defaults)


def test_generated_files_as_openssh_reads_them(tmp_path, defaults):
    """Blocks, Includes and options thrown together, by a seed; every option, for several hosts."""
    fine = [text for text in WRITTEN if not text.startswith(("Match", "Host ", "Host\n", "Include", '"', "\x0c"))]
    fine = [
        text for text in fine if accepted(tmp_path, text) and "%h" not in text and "127.1" not in text
    ]  # in a second reading OpenSSH 9.2 leaves 127.1 as it is
    heads = [
        "Host h",
        "Host *",
        "Host h* !h2",
        "Host x y",
        "Match all",
        "Match user root",
        "Match host h,h3 exec true",
        "Match final",
        "Match host *.lab",
        "Match exec false",
    ]
    for seed in range(40):
        dice = random.Random(seed)
        (tmp_path / "part").write_text("\n".join([dice.choice(fine), dice.choice(heads), *dice.choices(fine, k=3)]) + "\n")
        lines = dice.choices(fine, k=2)
        for head in dice.choices(heads, k=5):
            lines += [head, *("\t" + text.replace("\n", "\n\t") for text in dice.choices(fine, k=4))]
            lines += [f"Include {tmp_path}/part"] * dice.randrange(2)
        (tmp_path / "config").write_text("\n".join(lines) + "\n")
        assert_the_same(tmp_path / "config", dice.choice(["h", "h2", "me@h3:7", "x", "h.lab"]), defaults)


def accepted(tmp_path: Path, text: str) -> bool:
    (tmp_path / "one").write_text(text + "\n")
    try:
        ours("h", tmp_path / "one")
    except UsageError:
        return False
    return True


def test_a_cycle_of_includes_ends(config):
    assert (ours("inc", config).port, ours("inc", config).user) == (2201, "included")


def test_includes_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("tshoot.transports.config.reading._MOST_FILES", 100)
    monkeypatch.setattr("tshoot.transports.config.resolving._MOST_FILES", 100)
    for name in "abcd":
        (tmp_path / name).write_text(f"Include {tmp_path}/[a-d]\n" * 9)
    started = time.process_time()
    with pytest.raises(UsageError, match="includes more than 100 files"):
        ours("h", tmp_path / "a")
    assert time.process_time() - started < 5
    assert named_hosts(tmp_path / "a") == ()


# --- what was typed, the inventory, the file ---------------------------------------------------------------


def test_typed_parts_win(config):
    got = ours("me@esx02:99", config)
    assert (got.user, got.port) == ("me", 99)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("r1", ("192.0.2.1", 830, "netops")),
        ("me@r1", ("192.0.2.1", 830, "me")),
        ("r1:22", ("192.0.2.1", 22, "netops")),
        ("r2", ("r2.lab", 4000, "file")),
        ("r3", ("fe80::1%lo", 4000, "file")),
    ],
)
def test_an_inventory_stands_between_them(tmp_path, typed, expected):
    (tmp_path / "config").write_text("Host *\n HostName 192.0.2.99\n Port 4000\n User file\n")
    places = {"r1": Address("192.0.2.1", "netops", 830), "r2": Address("r2.lab"), "r3": Address("fe80::1%lo")}
    got = ours(typed, tmp_path / "config", places=places)
    assert (got.host, got.port, got.user) == expected


def test_which_lines_applied(config):
    got = ours("esx02", config)
    assert ("4", "user", "root") not in [(a.place, a.option, a.text) for a in got.applied]
    assert [(a.place.rpartition(":")[2], a.option) for a in got.applied] == [
        ("5", "user"),
        ("6", "identityfile"),
        ("8", "port"),
        ("24", "serveraliveinterval"),
    ]


# --- what paramiko cannot, and what cannot be judged ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ProxyCommand x\nProxyUseFdpass yes", "ProxyUseFdpass"),
        ("PKCS11Provider /usr/lib/p11.so", "PKCS11Provider"),
        ("RevokedHostKeys /etc/ssh/revoked", "RevokedHostKeys"),
        ("KnownHostsCommand /bin/keys %H", "KnownHostsCommand"),
        ("CanonicalizeHostname yes", "CanonicalizeHostname"),
        ("BindInterface eth7", "BindInterface"),
        ("GSSAPIAuthentication yes\nPreferredAuthentications gssapi-with-mic", "GSSAPI as the only login"),
        ("PreferredAuthentications hostbased", "no login that tshoot knows"),
    ],
)
def test_options_that_lead_elsewhere_are_named(tmp_path, text, words):
    (tmp_path / "config").write_text(text + "\n")
    (reason,) = ours("h", tmp_path / "config").beyond_paramiko
    assert words in reason


def test_their_refusals_are_nothing_to_name(tmp_path):
    (tmp_path / "config").write_text(
        "ProxyUseFdpass no\nPKCS11Provider none\nKnownHostsCommand none\nRevokedHostKeys none\nCanonicalizeHostname no\nGSSAPIAuthentication yes\nForwardAgent yes\nNoSuchOption 1\n"
    )
    assert ours("h", tmp_path / "config").beyond_paramiko == ()


@pytest.mark.parametrize("criterion", ["localnetwork 192.0.2.0/24", "command x", "sessiontype exec", "version OpenSSH_9*"])
def test_a_match_that_cannot_be_judged_is_not_guessed(tmp_path, criterion):
    (tmp_path / "config").write_text(f"Match host other {criterion}\n Port 1\n")
    assert ours("h", tmp_path / "config").port == 22
    (tmp_path / "config").write_text(f"Match host h {criterion}\n Port 1\n")
    with pytest.raises(NeedsOpenSsh) as caught:
        ours("h", tmp_path / "config")
    assert f"`Match … {criterion.split()[0]}`" in caught.value.reason
    assert f"{tmp_path}/config:1" in caught.value.message


def test_a_tag_is_judged(tmp_path):
    (tmp_path / "config").write_text("Tag lab\nMatch tagged lab,x\n Port 7\n")
    assert ours("h", tmp_path / "config").port == 7


def test_a_match_command_that_hangs_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("tshoot.transports.config.match._PATIENCE", 0.2)
    (tmp_path / "config").write_text(f'Match exec "echo $$ > {tmp_path}/pid; sleep 60"\n Port 1\n')
    with pytest.raises(TargetError, match="did not end within") as caught:
        ours("h", tmp_path / "config")
    assert caught.value.kind == "unreachable"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_match_command_is_not_run_behind_a_criterion_that_failed(tmp_path):
    (tmp_path / "config").write_text(f'Match host other exec "touch {tmp_path}/ran"\n Port 1\nHost other\n Include {tmp_path}/inner\n')
    (tmp_path / "inner").write_text(f'Match exec "touch {tmp_path}/ran"\n Port 1\n')
    ours("h", tmp_path / "config")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("user", ["$(touch ran)", "`touch ran`", "a;touch", "a|b", "a&b", "a\\", "-oX", "a'b", 'a"b', "a$IFS", "a>b"])
def test_a_name_never_reaches_a_shell_as_more_than_a_name(tmp_path, user):
    for text in ("ProxyCommand nc %h %p %r\n", 'Match exec "true %r"\n Port 7\n'):
        (tmp_path / "config").write_text(text)
        with pytest.raises(UsageError, match="to a shell"):
            resolve(Address("h", user), tmp_path / "config")
    (tmp_path / "config").write_text("ProxyCommand nc %h %p\nMatch exec true\n Port 7\n")
    assert resolve(Address("h", user), tmp_path / "config").port == 7


def test_tokens_of_a_proxy_command(tmp_path):
    (tmp_path / "config").write_text("HostName x.lab\nPort 7\nProxyCommand nc '%%' %h %n %p %r\n")
    assert ours("me@h", tmp_path / "config").proxy_command == "nc '%' x.lab h 7 me"
    (tmp_path / "config").write_text("ProxyCommand nc %Z\n")
    with pytest.raises(UsageError, match="unknown token `%Z`"):
        ours("h", tmp_path / "config")


def test_an_agent_that_a_variable_names(tmp_path, monkeypatch):
    (tmp_path / "config").write_text("IdentityAgent $AGENT\n")
    monkeypatch.setenv("AGENT", "/run/agent")
    assert ours("h", tmp_path / "config").identity_agent == "/run/agent"
    monkeypatch.delenv("AGENT")
    assert ours("h", tmp_path / "config").identity_agent == "none"


def test_a_variable_that_is_not_set(tmp_path, monkeypatch):
    (tmp_path / "config").write_text("IdentityFile ${KEYS}/id\n")
    monkeypatch.setenv("KEYS", "/k")
    assert ours("h", tmp_path / "config").identity_files == (Path("/k/id"),)
    monkeypatch.delenv("KEYS")
    with pytest.raises(UsageError, match="which is not set"):
        ours("h", tmp_path / "config")


def test_no_key_is_not_the_default_keys(tmp_path):
    (tmp_path / "config").write_text("Host a\n IdentityFile none\nHost b\n IdentityFile none\n IdentityFile /k/id\n")
    assert [ours(host, tmp_path / "config").identity_files for host in "abc"] == [(), (Path("/k/id"),), None]


def test_the_local_user_is_who_runs_it(tmp_path, monkeypatch):
    """As for ssh, which asks the system and not LOGNAME: after `su` the two differ."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    (tmp_path / "config").write_text("Match localuser mallory\n Port 1\nHost h\n HostKeyAlias of-%u\n")
    got = ours("h", tmp_path / "config")
    assert (got.user, got.port) == (ssh_says(tmp_path / "config", "h")["user"][0], 22)
    assert got.user != "mallory"


# --- hostile and broken files --------------------------------------------------------------------------------


def test_an_included_file_that_others_may_write_is_refused(tmp_path):
    (tmp_path / "part").write_text("Port 1\n")
    (tmp_path / "part").chmod(0o666)
    (tmp_path / "config").write_text(f"Include {tmp_path}/part\n")
    with pytest.raises(UsageError, match="others may write this ssh_config") as caught:
        ours("h", tmp_path / "config")
    assert f"chmod go-w {tmp_path}/part" in caught.value.hint
    assert ssh_says(tmp_path / "config", "h") is None


def test_problems_name_file_and_line_without_control_characters(tmp_path):
    (tmp_path / "config").write_bytes(b"Port 22\n\nUser x\nPort \x1b]0;owned\x07\x9b31m\n")
    with pytest.raises(UsageError) as caught:
        ours("h", tmp_path / "config")
    assert caught.value.message.startswith(f"{tmp_path}/config:4: `port")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        b'\xff\x00Host "unclosed\n=\n',
        b"Host " + b"*" * 2000 + b"x\n Port 1\n",
        b"\x00" * 5000,
        random.Random(7).randbytes(5000),
        b"Include /**/x\nInclude /\n",
    ],
)
def test_hostile_text_is_read_or_refused_in_words(tmp_path, raw):
    (tmp_path / "config").write_bytes(raw)
    started = time.process_time()
    try:
        assert ours("esx01", tmp_path / "config").port == 22
    except UsageError as error:
        assert error.message.isprintable()
    assert time.process_time() - started < 5


def test_a_file_cut_at_every_byte_is_read_or_refused(tmp_path):
    text = CONFIG.replace("Include conf.d/*.conf", "").encode() + 'Match exec true host "é*"\n ProxyJump a,b@c:7\n'.encode()
    for end in range(len(text)):
        (tmp_path / "config").write_bytes(text[:end])
        try:
            ours("esx01", tmp_path / "config")
        except UsageError as error:
            assert f"{tmp_path}/config:" in error.message
        except NeedsOpenSsh:
            pytest.fail(text[:end].decode("utf-8", "replace"))
    assert ours("esx01", tmp_path / "config").host == "esx01.example.com"


def test_a_file_that_is_no_ssh_config(tmp_path):
    (tmp_path / "config").write_bytes(b"User x\n" * 30_000)
    with pytest.raises(UsageError, match="too large"):
        ours("h", tmp_path / "config")


def test_no_file(tmp_path):
    assert ours("esx01", tmp_path / "absent").host == "esx01"
    assert ours("esx01", None).host == "esx01"


def test_the_names_that_can_be_completed(tmp_path):
    (tmp_path / "config").write_text('Include d/*\nHost nas1 nas2 *.lab !secret\nMatch host x\n  Include config\nHost "open\n', encoding="utf-8")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text("Host esx0? esx01\nHost nas1\n", encoding="utf-8")
    assert named_hosts(tmp_path / "config") == ("esx01", "nas1", "nas2")
    assert named_hosts(tmp_path / "none") == named_hosts(None) == ()
