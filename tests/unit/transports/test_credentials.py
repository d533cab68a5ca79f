"""Credentials: asked once, shared where agreed, tried on one target first, stopped after a rejection, wiped at the end."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable

import pytest

from tests.waiting import wait_until
from tshoot.transports.login.credentials import Account, Credentials
from tshoot.transports.login.reusable import asks_for_password

A, B, C = (Account("root", name) for name in ("esx-a", "esx-b", "esx-c"))
PROMPT = "Password: "


class Person:
    """Answers in the given order, then with None; remembers what was asked."""

    def __init__(self, *answers: str | None, agrees: bool = True) -> None:
        self.answers, self.agrees = list(answers), agrees
        self.asked: list[tuple[str, str]] = []
        self.agreed: list[str] = []

    def accept_host_key(self, key) -> bool:
        return False

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        self.asked.append((prompt, host))
        return self.answers.pop(0) if self.answers else None

    def agree(self, question: str, why: str) -> bool:
        self.agreed.append(question)
        return self.agrees


class Kept(dict[str, str]):
    """A keyring that remembers what it was asked for."""

    def __init__(self, **secrets: str) -> None:
        super().__init__(secrets)
        self.asked: list[str] = []

    def get(self, name, default=None):
        self.asked.append(name)
        return super().get(name, default)


def beside(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


# --- which prompts are shared ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt",
    ["Password: ", "password:", "root@esx01's password: ", "(admin@r1) Password: ", "Passwort:", "Bank Unauthorized access is a crime Password:"],
)
def test_a_plain_question_for_the_password(prompt):
    assert asks_for_password(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "Code: ",
        "Verification code: ",
        "Enter PASSCODE:",
        "One-time password (OATH) for `root':",
        "OTP Password: ",
        "Password + token: ",
        "Password or 6-digit TOTP: ",
        "PIN: ",
        "Duo two-factor login for root Password: ",
        "Enter passphrase for key '/root/.ssh/id_rsa': ",
        "New password: ",
        "Retype new password: ",
        "(current) UNIX password: ",
        "Your password has expired Password: ",
        "[sudo] password for root: ",
        "Enable password: ",
        "Challenge 12345 Response: ",
        "Username: ",
        "",
        "Password: " + "x" * 500,
        "P\x1b[2Kassw",
    ],
)
def test_what_is_asked_anew_each_time(prompt):
    assert not asks_for_password(prompt)
    person, credentials = Person("one", "two"), Credentials(share=True)
    given = []
    for account in (A, B):
        given.append(credentials.answer(prompt, account, False, person))
        credentials.accepted(account)
    assert given == ["one", "two"]
    assert [host for _, host in person.asked] == ["root@esx-a", "root@esx-b"]


@pytest.mark.parametrize("changes", [{"echo": True}, {"echo": False, "first": False}])
def test_a_shown_answer_and_one_of_a_later_round_are_never_shared(changes):
    person, credentials = Person("s3cret", "shown", "again"), Credentials(share=True)
    assert credentials.answer(PROMPT, A, False, person) == "s3cret"
    credentials.accepted(A)
    assert credentials.answer(PROMPT, B, prompter=person, **changes) == "shown"
    assert credentials.answer(PROMPT, C, prompter=person, **changes) == "again"


# --- asked once, reused -----------------------------------------------------------------------------------


def test_three_targets_with_one_user_ask_once():
    person, credentials = Person("s3cret"), Credentials(share=True)
    for account in (A, B, C, A):
        assert credentials.answer(PROMPT, account, False, person) == "s3cret"
        credentials.accepted(account)
    assert len(person.asked) == 1
    assert person.agreed == []


def test_the_operator_agrees_once_that_a_password_is_shared():
    person, credentials = Person("s3cret"), Credentials()
    for account in (A, B, C):
        assert credentials.answer(PROMPT, account, False, person) == "s3cret"
        credentials.accepted(account)
    assert person.agreed == ["Use the password given for root@esx-a for root@esx-b too?"]
    assert len(person.asked) == 1


def test_a_password_that_is_not_shared_reaches_no_other_target():
    person, credentials = Person("of a", "of b", "of c", agrees=False), Credentials()
    for account, mine in ((A, "of a"), (B, "of b"), (C, "of c"), (A, "of a")):
        assert credentials.answer(PROMPT, account, False, person) == mine
        credentials.accepted(account)
    assert len(person.agreed) == 1


def test_a_jump_host_shares_its_password_with_no_target():
    person, credentials = Person("of the bastion", "of the targets"), Credentials(share=True)
    bastion = Account("root", "bastion", jump=True)
    for account, mine in ((bastion, "of the bastion"), (A, "of the targets"), (B, "of the targets"), (bastion, "of the bastion")):
        assert credentials.answer(PROMPT, account, False, person) == mine
        credentials.accepted(account)


def test_another_user_has_another_password():
    person, credentials = Person("of root", "of admin"), Credentials(share=True)
    assert credentials.answer(PROMPT, A, False, person) == "of root"
    credentials.accepted(A)
    assert credentials.answer(PROMPT, Account("admin", "esx-a"), False, person) == "of admin"


def test_an_enable_secret_is_no_password():
    person, credentials = Person("s3cret", "enabled"), Credentials(share=True)
    assert credentials.answer(PROMPT, A, False, person) == "s3cret"
    credentials.accepted(A)
    assert [credentials.enable_secret("Enable secret: ", account, person) for account in (A,)] == ["enabled"]
    credentials.accepted(A)
    assert credentials.enable_secret("Enable secret: ", B, person) == "enabled"


def test_a_passphrase_is_asked_once_and_once_more_where_it_was_wrong():
    person, credentials = Person("wrong", "right"), Credentials()
    prompt = "Passphrase for /k:"
    assert credentials.passphrase(prompt, A, person) == "wrong"
    credentials.wrong_passphrase(prompt)
    assert [credentials.passphrase(prompt, account, person) for account in (B, C)] == ["right", "right"]
    credentials.wrong_passphrase(prompt)
    assert credentials.passphrase(prompt, A, person) is None
    assert len(person.asked) == 2


def test_a_declined_passphrase_is_not_asked_a_hundred_times():
    person, credentials = Person(None, "late"), Credentials()
    assert [credentials.passphrase("Passphrase for /k:", account, person) for account in (A, B, C)] == [None, None, None]
    assert len(person.asked) == 1


def test_a_server_cannot_ask_for_the_passphrase_of_a_key():
    person, credentials = Person("of the key", "typed for the server"), Credentials(share=True)
    prompt = "Enter passphrase for key '/k': "
    assert credentials.passphrase(prompt, A, person) == "of the key"
    assert credentials.answer(prompt, B, False, person) == "typed for the server"


# --- protection -------------------------------------------------------------------------------------------


def test_after_a_rejection_the_operator_is_asked_anew_once_and_then_all_stop():
    person, credentials = Person("wrong", "wrong too", "never asked for"), Credentials(share=True)
    assert credentials.answer(PROMPT, A, False, person) == "wrong"
    credentials.rejected(A)
    assert credentials.answer(PROMPT, B, False, person) == "wrong too"
    assert "root@esx-a rejected the last one" in person.asked[-1][0]
    credentials.rejected(B)
    for account in (C, A, B):
        assert credentials.answer(PROMPT, account, False, person) is None
        assert "rejected by" in credentials.stopped(account)
    assert "root@esx-b" in credentials.stopped(C)
    assert len(person.asked) == 2


def test_nobody_to_ask_stops_all_with_the_place_of_the_rejection():
    person, credentials = Person("wrong"), Credentials(share=True)
    assert credentials.answer(PROMPT, A, False, person) == "wrong"
    credentials.rejected(A)
    assert [credentials.answer(PROMPT, account, False, person) for account in (B, C)] == [None, None]
    said = credentials.stopped(C)
    assert said == "the password given for root was rejected by root@esx-a; it is tried nowhere else in this run, so that no account is locked"
    assert len(person.asked) == 2, "asked anew once, not for each target"


def test_the_rejected_password_typed_again_is_not_sent():
    person, credentials = Person("wrong", "wrong"), Credentials(share=True)
    credentials.answer(PROMPT, A, False, person)
    credentials.rejected(A)
    assert credentials.answer(PROMPT, B, False, person) is None


def test_where_a_code_may_have_been_wrong_the_same_password_may_be_typed_again():
    person, credentials = Person("right", "right"), Credentials(share=True)
    credentials.answer(PROMPT, A, False, person)
    credentials.rejected(A, certain=False)
    assert credentials.answer(PROMPT, B, False, person) == "right"


def test_a_password_that_logged_in_elsewhere_stops_all_the_same():
    person, credentials = Person("s3cret"), Credentials(share=True)
    credentials.answer(PROMPT, A, False, person)
    credentials.accepted(A)
    credentials.answer(PROMPT, B, False, person)
    credentials.rejected(B)
    assert credentials.answer(PROMPT, C, False, person) is None
    assert "root@esx-b" in credentials.stopped(C)


def test_a_rejected_password_of_its_own_does_not_stop_targets_with_their_own():
    person, credentials = Person("of a", "wrong", "of c", agrees=False), Credentials()
    credentials.answer(PROMPT, A, False, person)
    credentials.accepted(A)
    credentials.answer(PROMPT, B, False, person)
    credentials.rejected(B)
    assert credentials.stopped(C) == ""
    assert credentials.answer(PROMPT, C, False, person) == "of c"


def test_what_no_target_has_taken_yet_is_tried_on_one_and_the_others_wait():
    person, credentials = Person("s3cret"), Credentials(share=True)
    assert credentials.answer(PROMPT, A, False, person) == "s3cret"
    got: list[str | None] = []
    waiting = [beside(lambda account=account: got.append(credentials.answer(PROMPT, account, False, person))) for account in (B, C)]
    time.sleep(0.3)
    assert got == []
    credentials.accepted(A)
    for thread in waiting:
        thread.join(60)
    assert got == ["s3cret", "s3cret"]


def test_twenty_side_by_side_send_a_wrong_password_once():
    person, credentials, sent = Person("wrong"), Credentials(share=True), []

    def log_in(account: Account) -> None:
        if credentials.answer(PROMPT, account, False, person) is not None:
            sent.append(account)
            time.sleep(0.05)  # as long as a server takes
            credentials.rejected(account)

    for thread in [beside(lambda n=n: log_in(Account("root", f"esx{n}"))) for n in range(20)]:
        thread.join(60)
    assert len(sent) == 1


def test_twenty_logins_at_one_bastion_send_a_wrong_password_once():
    """Each on the way to a target of its own: the account is the same, and would be locked."""
    person, credentials, sent = Person("wrong"), Credentials(), []

    def log_in() -> None:
        account = Account("ops", "bastion", jump=True)
        if credentials.answer(PROMPT, account, False, person) is not None:
            sent.append(account)
            time.sleep(0.05)
            credentials.rejected(account)

    for thread in [beside(log_in) for _ in range(20)]:
        thread.join(60)
    assert len(sent) == 1


def test_who_gives_up_leaves_the_claim_of_another_login_alone():
    person, credentials = Person("s3cret"), Credentials()
    first, second, third = (Account("ops", "bastion", jump=True) for _ in range(3))
    assert credentials.answer(PROMPT, first, False, person) == "s3cret"
    assert credentials.answer(PROMPT, second, False, person, alive=iter((True, False)).__next__) is None
    credentials.left(second)
    assert credentials.answer(PROMPT, third, False, person, alive=iter((True, False)).__next__) is None, "the first still tries it"
    credentials.accepted(first)
    assert credentials.answer(PROMPT, third, False, person) == "s3cret"


def test_a_login_that_ended_otherwise_lets_the_next_one_try():
    person, credentials = Person("s3cret"), Credentials(share=True)
    credentials.answer(PROMPT, A, False, person)
    credentials.left(A)
    assert credentials.answer(PROMPT, B, False, person) == "s3cret"


def test_who_gives_up_does_not_wait():
    person, credentials = Person("s3cret"), Credentials(share=True)
    credentials.answer(PROMPT, A, False, person)
    alive = [True]
    got: list[str | None] = []
    thread = beside(lambda: got.append(credentials.answer(PROMPT, B, False, person, alive=lambda: alive[0])))
    alive[0] = False
    thread.join(60)
    assert got == [None]


def test_nobody_is_asked_two_things_at_once():
    class Slow(Person):
        at_once = most = 0

        def secret(self, prompt, host, echo):
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            time.sleep(0.05)
            self.at_once -= 1
            return super().secret(prompt, host, echo)

    person, credentials = Slow(*"abcdef"), Credentials()
    for thread in [beside(lambda n=n: credentials.answer("Code: ", Account("root", f"esx{n}"), True, person)) for n in range(6)]:
        thread.join(60)
    assert (person.most, len(person.asked)) == (1, 6)


# --- the keyring ------------------------------------------------------------------------------------------


def test_the_keyring_answers_for_a_target_then_for_its_groups():
    kept = Kept(**{"root@esx-a": "of a", "root@@esx-prod": "of the group"})
    credentials, person = Credentials(kept, groups=lambda host: ("esx-prod",)), Person()
    for account, mine in ((A, "of a"), (B, "of the group"), (C, "of the group")):
        assert credentials.answer(PROMPT, account, False, person) == mine
        credentials.accepted(account)
    assert person.asked == person.agreed == []
    assert len(kept.asked) == len(set(kept.asked)), "each name is read once"


def test_what_the_keyring_has_for_a_group_is_tried_on_one_target_first():
    credentials, person = Credentials(Kept(**{"root@@esx-prod": "old"}), groups=lambda host: ("esx-prod",)), Person()
    assert credentials.answer(PROMPT, A, False, person) == "old"
    credentials.rejected(A)
    assert credentials.answer(PROMPT, B, False, person) is None
    assert "root@esx-a" in credentials.stopped(B)


def test_a_port_of_its_own_has_a_name_of_its_own():
    credentials = Credentials(Kept(**{"root@h:2222": "on 2222", "root@h": "elsewhere"}))
    assert credentials.answer(PROMPT, Account("root", "h", 2222), False, Person()) == "on 2222"
    assert credentials.answer(PROMPT, Account("root", "h", 2200), False, Person()) == "elsewhere"


# --- nothing is left --------------------------------------------------------------------------------------


def test_forget_overwrites_and_keeps_nothing():
    credentials = Credentials(Kept(**{"root@esx-b": "Kept-Wörd"}), share=True)
    for account, person in ((A, Person("Hünter2!")), (B, Person())):
        credentials.answer(PROMPT, account, False, person)
        credentials.accepted(account)
    held = [one.value for one in (*credentials._given.values(), *filter(None, credentials._kept.values()))]
    assert sorted(bytes(one) for one in held) == sorted(["Hünter2!".encode(), "Kept-Wörd".encode()])
    credentials.forget()
    assert all(set(one) == {0} for one in held)
    assert credentials.answer(PROMPT, A, False, Person()) is None


def test_nothing_shows_what_is_held():
    credentials = Credentials(share=True)
    credentials.answer(PROMPT, A, False, Person("Hunter2!"))
    shown = repr(credentials) + repr(vars(credentials)) + str(vars(credentials))
    assert "Hunter2!" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(credentials)


def test_waiting_is_woken_by_forget():
    person, credentials, got = Person("s3cret"), Credentials(share=True), []
    credentials.answer(PROMPT, A, False, person)
    thread = beside(lambda: got.append(credentials.answer(PROMPT, B, False, person)))
    credentials.forget()
    wait_until(lambda: got, what="an answer")
    thread.join(60)
    assert got == [None]
