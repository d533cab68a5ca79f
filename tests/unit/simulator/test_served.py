"""Simulated devices as OpenSSH's client and paramiko see them."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import paramiko
import pytest
from simulated import client, openssh, scenario, ssh

from tests.waiting import wait_until
from tshoot.simulator.serving import serve


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve(scenario(tmp_path_factory.mktemp("scenario")), capture_delay=0.0) as devices:
        yield devices


def root(served) -> Path:
    return served.devices["host"].device.root


def descriptors() -> set[str]:
    """What this process has open, by number; the listing's own is gone again."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(f"{descriptor.name} {descriptor.readlink()}")
    return {one for one in found if f"/proc/{os.getpid()}/fd" not in one}


def run(connected: paramiko.SSHClient, command: str | bytes) -> tuple[int, bytes, bytes]:
    stdin, stdout, stderr = connected.exec_command(command, timeout=60)  # type: ignore[arg-type]
    stdin.close()
    printed = stdout.read(), stderr.read()  # before the status: a process that nobody reads does not end
    return stdout.channel.recv_exit_status(), *printed


class TestExec:
    def test_openssh_gets_status_and_streams_apart(self, served):
        ran = ssh(served, "esxcfg-vmknic -l")
        assert (ran.returncode, ran.stdout, ran.stderr) == (3, "vmk0 1500\n", "beware")

    @pytest.mark.parametrize(
        ("command", "status", "stdout"),
        [
            ("esxcfg-vmknic -l | tr v w; echo $((6*7))", 0, b"wmk0 1500\n42\n"),
            ("esxcfg-vmknic   '-l'", 3, b"vmk0 1500\n"),
            ("esxcfg-vmknic -l && echo not reached", 3, b"vmk0 1500\n"),
            ("vmkping -I 'vmk 1' 192.0.2.9; echo $?", 0, b"answered0\n"),
            ("grep -i nfs /var/log/vmkernel.log | tail -n 50", 0, b"from the log"),
            ("exit 9", 9, b""),
            ("echo a > tmp/f && cat tmp/f && rm tmp/f", 0, b"a\n"),
            ("sh -c 'exit 4'", 4, b""),
        ],
    )
    def test_the_shell_is_real_and_the_devices_commands_answer_in_it(self, served, command, status, stdout):
        with client(served) as connected:
            assert run(connected, command)[:2] == (status, stdout)

    def test_commands_that_the_scenario_lacks_are_not_found_even_if_this_machine_has_them(self, served):
        with client(served) as connected:
            for command in ("ip address", "nc -z 127.0.0.1 22", "curl http://127.0.0.1", "esxcfg-vmknic -x"):
                status, stdout, stderr = run(connected, command)
                assert (status, stdout) == (127, b"")
                assert b"not found" in stderr

    def test_a_process_ended_by_a_signal_has_no_status(self, served):
        with client(served) as connected:
            assert run(connected, "kill -9 $$")[0] == -1
        assert ssh(served, "kill -9 $$").returncode == 255

    def test_standard_input_arrives_and_ends(self, served):
        assert ssh(served, "tr a-z A-Z; echo end", input="some words\n").stdout == "SOME WORDS\nend\n"

    def test_much_output_on_both_streams_arrives_whole(self, served):
        with client(served) as connected:
            status, stdout, stderr = run(connected, "head -c 3000000 /dev/zero; head -c 30000 /dev/zero >&2; exit 5")
            assert (status, len(stdout), len(stderr)) == (5, 3_000_000, 30_000)

    def test_ten_channels_at_once(self, served):
        """Each waits for all others: one after the other they would never end."""
        with client(served) as connected, ThreadPoolExecutor(10) as pool:
            run(connected, "mkdir here")
            waits = "while [ $(ls here | wc -l) -lt 10 ]; do sleep 0.05; done"
            running = [pool.submit(run, connected, f"touch here/{number}; {waits}; echo {number}; exit {number}") for number in range(10)]
            assert [future.result(20)[:2] for future in running] == [(number, f"{number}\n".encode()) for number in range(10)]

    @pytest.mark.parametrize(
        "command",
        [
            b"",
            b"\x00",
            b"echo a\x00b",
            b"\xff\xfe\x1b]0;title\x07",
            b"$(",
            b"'" * 1001,
            b"a" * 200_000,
            b"echo $(echo $(echo x))" * 2000,
            b"; ; ;",
            b"((((",
            b"exec 1>&- 2>&- 0<&-; exit 3",
            "\N{SNOWMAN} \u202e".encode(),
        ],
        ids=lambda command: ascii(command[:12]),
    )
    def test_hostile_commands_end_and_harm_nobody(self, served, command):
        with client(served) as connected:
            run(connected, command)
            assert run(connected, "echo still here") == (0, b"still here\n", b"")

    def test_a_command_that_is_refused_starts_nothing(self, served):
        with client(served) as connected:
            with pytest.raises(paramiko.SSHException):
                connected.exec_command("forbidden", timeout=60)
            assert run(connected, "forbidden; true")[2] == b"sh: forbidden: Permission denied\n"

    def test_no_terminal_and_no_interactive_shell_is_given(self, served):
        with client(served) as connected:
            channel = connected.get_transport().open_session()
            with pytest.raises(paramiko.SSHException):
                channel.get_pty()


class TestFaults:
    def test_a_command_that_hangs_has_printed_its_part(self, served):
        with client(served) as connected:
            for command in ("hang now", "hang now; echo never"):
                _, stdout, _ = connected.exec_command(command)
                assert stdout.readline() == "half\n"
                assert not stdout.channel.exit_status_ready()

    @pytest.mark.parametrize("command", ["sever now", "echo first; sever now; echo never"])
    def test_a_cut_connection_takes_its_channels_and_a_new_one_works(self, served, command):
        with client(served) as connected:
            assert run(connected, command)[0] == -1
            wait_until(lambda: not connected.get_transport().is_active(), "the cut")
        assert ssh(served, "echo again").stdout == "again\n"

    def test_a_process_outlives_its_connection_but_not_its_standard_input(self, served):
        marker = root(served) / "outlived"
        with client(served) as connected:
            stdin, stdout, _ = connected.exec_command(f"echo up; cat; echo x > {marker}")
            assert stdout.readline() == "up\n"
            assert not marker.exists()
            assert not stdin.closed
        wait_until(marker.exists, "the end of standard input")

    def test_a_closed_port_refuses(self, tmp_path):
        with serve(scenario(tmp_path, "    port: closed\n")) as off, pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", off.devices["host"].port), 5)

    def test_a_device_that_hangs_after_the_login_opens_no_channel(self, tmp_path):
        with serve(scenario(tmp_path, "    hang: after-login\n")) as hung, client(hung) as connected:
            assert connected.get_transport().is_authenticated()
            with pytest.raises(paramiko.SSHException, match=r"[Tt]imeout"):
                connected.get_transport().open_session(timeout=0.3)


class TestLogin:
    def test_a_wrong_password_is_refused_and_counted_once(self, served):
        before = served.devices["host"].server.failed_logins
        with pytest.raises(paramiko.AuthenticationException), client(served, password="wrong"):
            pass
        assert served.devices["host"].server.failed_logins >= before + 1

    @pytest.mark.parametrize("login", [{"username": "admin"}, {"password": ""}, {"password": "\N{SNOWMAN}"}])
    def test_other_users_and_odd_passwords_are_refused(self, served, login):
        with pytest.raises(paramiko.AuthenticationException), client(served, **login):
            pass

    def test_a_key_of_somebody_else_is_refused(self, served):
        with pytest.raises(paramiko.AuthenticationException), client(served, password=None, pkey=paramiko.ECDSAKey.generate()):
            pass

    def test_keyboard_interactive_takes_two_rounds_as_pam_does(self, tmp_path):
        asked = []
        with (
            serve(scenario(tmp_path, "    login: {refuse: [password, publickey]}\n")) as device,
            socket.create_connection(("127.0.0.1", device.devices["host"].port)) as connection,
        ):
            transport = paramiko.Transport(connection)
            transport.start_client(timeout=60)

            def answer(title, instructions, prompts):
                asked.append(list(prompts))
                return [device.devices["host"].password for _ in prompts]

            transport.auth_interactive("root", answer)
            assert transport.is_authenticated()
            transport.close()
        assert asked == [[("Password: ", False)], []]

    def test_refused_ways_to_log_in_are_not_offered(self, tmp_path):
        with serve(scenario(tmp_path, "    login: {refuse: [publickey]}\n")) as device:
            ran = ssh(device, "true")
            assert ran.returncode == 255
            assert "Permission denied (password,keyboard-interactive)" in ran.stderr
            with client(device) as connected:
                assert run(connected, "exit 6")[0] == 6

    def test_every_way_refused_takes_none(self, tmp_path):
        refused = "    login: {refuse: [password, keyboard-interactive, publickey]}\n"
        with serve(scenario(tmp_path, refused)) as device, pytest.raises(paramiko.AuthenticationException), client(device):
            pass

    def test_another_host_key_is_noticed_by_openssh(self, served, tmp_path):
        other = paramiko.ECDSAKey.generate()
        (tmp_path / "known").write_text(f"[127.0.0.1]:{served.devices['host'].port} {other.get_name()} {other.get_base64()}\n")
        arguments = openssh(served)
        arguments[arguments.index(f"UserKnownHostsFile={served.known_hosts}")] = f"UserKnownHostsFile={tmp_path}/known"
        ran = subprocess.run([*arguments, "root@127.0.0.1", "true"], capture_output=True, text=True, timeout=60)
        assert (ran.returncode, "Host key verification failed" in ran.stderr) == (255, True)

    def test_the_fingerprint_is_the_one_that_openssh_prints(self, served):
        (line,) = served.known_hosts.read_text().splitlines()
        assert line == served.devices["host"].known_hosts_line
        printed = subprocess.run(["ssh-keygen", "-lf", "-"], input=line.split(" ", 1)[1], capture_output=True, text=True, timeout=60).stdout
        assert printed.split()[1] == served.devices["host"].fingerprint

    def test_it_listens_on_loopback_alone_and_secrets_stay_out_of_sight(self, served):
        device = served.devices["host"]
        assert device.password not in repr(served)
        assert served.key_file.stat().st_mode & 0o777 == 0o600
        assert device.device.root.parent.stat().st_mode & 0o777 == 0o700
        address = f":{device.port:04X}"
        listening = [
            row.split()[1] for row in Path("/proc/net/tcp").read_text().splitlines() if row.split()[1].endswith(address) and row.split()[3] == "0A"
        ]
        assert listening == [f"0100007F{address}"]


class TestFiles:
    def test_openssh_gets_a_file_by_relative_and_by_the_shells_absolute_path(self, served, tmp_path):
        (root(served) / "tmp" / "f.bin").write_bytes(bytes(range(256)) * 1000)
        batch = f"get tmp/f.bin {tmp_path}/a\nget {root(served)}/tmp/f.bin {tmp_path}/b\n"
        ran = subprocess.run([*openssh(served, "sftp"), "-b", "-", "root@127.0.0.1"], input=batch, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == bytes(range(256)) * 1000
        assert ssh(served, f"sha256sum tmp/f.bin {root(served)}/tmp/f.bin | cut -c1-64 | uniq | wc -l").stdout.strip() == "1"

    def test_paramiko_lists_stats_reads_and_removes(self, served):
        with client(served) as connected, connected.open_sftp() as sftp:
            run(connected, "mkdir d; echo four > d/a; ln -s a d/b")
            assert sftp.normalize(".") == str(root(served))
            assert sorted(sftp.listdir("d")) == ["a", "b"]
            assert [sftp.stat("d/b").st_size, sftp.lstat("d/b").st_size] == [5, 1]
            assert sftp.open("d/b").read() == b"four\n"
            sftp.remove("d/b")
            assert sftp.listdir("d") == ["a"]
            with pytest.raises(FileNotFoundError):
                sftp.stat("d/none")

    @pytest.mark.parametrize("path", ["/etc/passwd", "../state.json", "tmp/../../state.json", "out", "out/passwd", "..", "/", "../root-of-another"])
    def test_nothing_outside_the_root_is_shown(self, served, path):
        link = root(served) / "out"
        link.unlink(missing_ok=True)
        link.symlink_to("/etc")
        with client(served) as connected, connected.open_sftp() as sftp:
            for work in (sftp.stat, sftp.listdir, sftp.open):
                with pytest.raises(OSError):
                    work(path)

    def test_removing_a_link_leaves_what_it_points_to(self, served, tmp_path):
        (tmp_path / "precious").write_text("x")
        (root(served) / "trap").symlink_to(tmp_path / "precious")
        with client(served) as connected, connected.open_sftp() as sftp:
            sftp.remove("trap")
        assert (tmp_path / "precious").exists()

    @pytest.mark.parametrize("mode", ["w", "a", "r+", "x"])
    def test_nothing_can_be_written(self, served, mode):
        with client(served) as connected, connected.open_sftp() as sftp, pytest.raises(PermissionError):
            sftp.open("tmp/new", mode)

    def test_a_pipe_is_no_file_and_blocks_nobody(self, served):
        os.mkfifo(root(served) / "pipe")
        with client(served) as connected, connected.open_sftp() as sftp, pytest.raises(PermissionError):
            sftp.open("pipe")

    def test_a_device_without_sftp_refuses_it(self, tmp_path):
        with serve(scenario(tmp_path, "    sftp: false\n")) as device, client(device) as connected:
            with pytest.raises(paramiko.SSHException):
                connected.open_sftp()
            assert run(connected, "exit 2")[0] == 2


def test_nothing_is_left_behind(tmp_path):
    """Running and orphaned processes, open sessions and SFTP, threads, descriptors, folders: all gone at the end of the block."""
    played = scenario(tmp_path)
    threads, before = set(threading.enumerate()), descriptors()
    with serve(played) as served, client(served) as connected:
        device = served.devices["host"].device
        for command in ("hang now", "sleep 600 & setsid sleep 601 & env -i setsid sleep 602 & timeout 603 sleep 603 & echo up; sleep 604"):
            stdout = connected.exec_command(command)[1]
            assert stdout.readline() in ("half\n", "up\n")
        connected.open_sftp().listdir()
        folders = [device.root.parent, served.key_file.parent]
        wait_until(lambda: len(device.processes()) >= 7, "the processes")
        running = device.processes()
    assert not any(folder.exists() for folder in folders)
    wait_until(lambda: not any(Path(f"/proc/{pid}/cwd").is_dir() for pid in running), "the end of the processes")
    wait_until(lambda: set(threading.enumerate()) <= threads, "the end of the threads")
    assert descriptors() <= before


def test_an_error_in_the_block_leaves_nothing_either(tmp_path):
    with pytest.raises(KeyboardInterrupt), serve(scenario(tmp_path)) as served:
        folder = served.devices["host"].device.root.parent
        raise KeyboardInterrupt
    assert not folder.exists()
