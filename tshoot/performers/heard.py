"""Who is asked during a login, and whether everything that was asked was answered: a login without an answer rejected nobody."""

from __future__ import annotations

from tshoot.transports.base import HostKey, Prompter


class Heard:
    """The prompter; `unanswered` once a prompt of it was left without an answer."""

    def __init__(self, prompter: Prompter) -> None:
        self._prompter, self.unanswered = prompter, False

    def accept_host_key(self, key: HostKey) -> bool:
        return self._prompter.accept_host_key(key)

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        answer = self._prompter.secret(prompt, host, echo)
        self.unanswered = self.unanswered or answer is None
        return answer

    def agree(self, question: str, why: str) -> bool:
        return self._prompter.agree(question, why)
