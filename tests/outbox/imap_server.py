"""An IMAP server with one mailbox (RFC 9051), over TLS on loopback, as small as can be."""

import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "open sesame"


@dataclass
class ImapServer:
    """Serves `letters` by their UID to whoever knows the password; keeps flags and commands."""

    certificate: Path
    letters: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)

    def put(self, *letters: bytes) -> None:
        for raw in letters:
            self.letters[len(self.letters) + 1] = raw

    def __enter__(self) -> "ImapServer":
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(peer, server_side=True) as secure:
                    self._serve(secure)
            except OSError:
                pass  # the other side did not like the certificate, or hung up

    def _serve(self, peer: ssl.SSLSocket) -> None:
        peer.sendall(b"* OK ready\r\n")
        for line in peer.makefile("rb"):
            tag, _, command = line.decode().strip().partition(" ")
            self.commands.append(command)
            lines, status = self._answer(*command.split(" "))
            peer.sendall(b"".join(lines) + f"{tag} {status}\r\n".encode())
            if command == "LOGOUT":
                return

    def _answer(self, verb: str, *words: str) -> tuple[list[bytes], str]:
        if verb == "UID":
            verb, *rest = words
            return self._by_uid(verb.upper(), *rest), "OK done"
        if verb == "LOGIN" and " ".join(words[1:]) != f'"{PASSWORD}"':
            return [], "NO wrong password"
        if verb == "EXPUNGE":
            return self._expunge(), "OK done"
        greetings = {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
            "SELECT": f"* {len(self.letters)} EXISTS\r\n".encode(),
            "LOGOUT": b"* BYE\r\n",
        }
        return [greetings.get(verb, b"")], "OK done"

    def _by_uid(self, verb: str, uid: str, *words: str) -> list[bytes]:
        if verb == "SEARCH":
            unseen = [str(n) for n in self.letters if "\\Seen" not in self.flags.get(n, set())]
            return [f"* SEARCH {' '.join(unseen)}\r\n".encode()]
        number = int(uid)
        if verb == "FETCH":
            raw = self.letters[number]
            head = f"* {number} FETCH (UID {number} FLAGS () RFC822.SIZE {len(raw)} BODY[] "
            return [f"{head}{{{len(raw)}}}\r\n".encode(), raw, b")\r\n"]
        assert (verb, words[0]) == ("STORE", "+FLAGS")
        self.flags.setdefault(number, set()).add(words[1].strip("()"))
        return []

    def _expunge(self) -> list[bytes]:
        gone = [number for number in self.letters if "\\Deleted" in self.flags.get(number, set())]
        for number in gone:
            del self.letters[number]
        return [f"* {number} EXPUNGE\r\n".encode() for number in gone]
