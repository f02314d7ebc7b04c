"""A mail server that does as it is told: real sockets, scripted misbehaviour."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Received:
    sender: str
    recipient: str
    data: bytes
    session: int


@dataclass
class ScriptedServer:
    """Answers each stage by `script(stage, recipient, count)`.

    Stages: connect, MAIL, RCPT, DATA, body, dot, QUIT. The script answers a reply such as
    "450 4.2.0 busy", "drop" (close the connection), "hang" (say nothing until closed), or ""
    for the ordinary answer. "dot" may answer "take+drop" or "take+hang": the letter is kept,
    the answer is not sent.
    """

    script: Callable[[str, str, int], str] = lambda stage, recipient, count: ""
    extensions: tuple[str, ...] = ()
    delay: float = 0.0
    received: list[Received] = field(default_factory=list)
    sessions: int = 0
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> "ScriptedServer":
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._counts: dict[str, int] = {}
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()
        for peer in list(self._open):
            peer.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(peer)
            with self._lock:
                self.sessions += 1
                number = self.sessions
            threading.Thread(target=self._serve, args=(peer, number), daemon=True).start()

    def _ask(self, stage: str, recipient: str = "") -> str:
        with self._lock:
            self._counts[stage] = self._counts.get(stage, 0) + 1
            count = self._counts[stage]
        return self.script(stage, recipient, count)

    def _serve(self, peer: socket.socket, session: int) -> None:
        try:
            _Session(self, peer, session).run()
        except (OSError, ConnectionError):
            pass
        finally:
            peer.close()


class _Drop(ConnectionError):
    pass


class _Session:
    def __init__(self, server: ScriptedServer, peer: socket.socket, number: int) -> None:
        self.server, self.peer, self.number = server, peer, number
        self.file = peer.makefile("rb")
        self.sender = self.recipient = ""

    def say(self, text: str) -> None:
        self.peer.sendall(text.encode() + b"\r\n")

    def answer(self, stage: str, ordinary: str) -> bool:
        """Say the scripted or the ordinary answer; whether it was the ordinary one."""
        if self.server.delay:
            time.sleep(self.server.delay)
        reply = self.server._ask(stage, self.recipient)
        if reply == "drop":
            raise _Drop
        if reply == "hang":
            self.file.read()
            raise _Drop
        self.say(reply or ordinary)
        return not reply

    def run(self) -> None:
        self.answer("connect", "220 test")
        for line in self.file:
            command = line.decode("ascii").strip()
            self.server.commands.append(command)
            verb = command[:4].upper()
            if verb == "EHLO":
                names = ["test", *self.server.extensions]
                last = len(names) - 1
                self.peer.sendall(
                    "".join(
                        f"250{' ' if at == last else '-'}{name}\r\n"
                        for at, name in enumerate(names)
                    ).encode()
                )
            elif verb == "MAIL":
                if self.sender:
                    self.say("503 5.5.1 nested MAIL")
                elif self.answer("MAIL", "250 ok"):
                    self.sender = command.partition("<")[2].partition(">")[0]
            elif verb == "RCPT":
                self.recipient = command.partition("<")[2].partition(">")[0]
                self.answer("RCPT", "250 ok")
            elif verb == "DATA":
                if self.answer("DATA", "354 go on"):
                    self.take()
            elif verb == "RSET":
                self.sender = ""
                self.say("250 ok")
            elif verb == "QUIT":
                self.answer("QUIT", "221 bye")
                return
            else:
                self.say("250 ok")

    def take(self) -> None:
        if self.server._ask("body", self.recipient) == "drop":
            self.file.readline()
            raise _Drop
        lines = []
        for line in self.file:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        else:
            raise _Drop
        reply = self.server._ask("dot", self.recipient)
        if not reply or reply.startswith(("take", "250")):
            self.server.received.append(
                Received(self.sender, self.recipient, b"".join(lines), self.number)
            )
        self.sender = ""
        if self.server.delay:
            time.sleep(self.server.delay)
        if reply.endswith("drop"):
            raise _Drop
        if reply.endswith("hang"):
            self.file.read()
            raise _Drop
        self.say(reply or "250 2.0.0 taken")
