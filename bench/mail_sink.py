"""`python -m bench.mail_sink PORT DELAY_MS [LOG]`: a mail server that takes every letter.

It answers each command after the delay, as a near mail server does, and writes a line for each
letter it has taken (recipient, Message-ID, SHA-256) before it answers the final dot.
"""

import socket
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

_ANSWERS = {
    b"EHLO": b"250-sink\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Sink:
    def __init__(self, port: int, delay: float, log: Path | None) -> None:
        self.socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.delay = delay
        self.log = log.open("ab", buffering=0) if log else None

    def run(self) -> None:
        while True:
            peer, _ = self.socket.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer: socket.socket) -> None:
        recipient = b""
        try:
            with peer, peer.makefile("rb") as lines:
                peer.sendall(b"220 sink\r\n")
                for line in lines:
                    verb = line[:4].upper()
                    if verb == b"RCPT":
                        recipient = line.partition(b"<")[2].partition(b">")[0]
                    time.sleep(self.delay)
                    peer.sendall(_ANSWERS.get(verb, b"250 ok\r\n"))
                    if verb == b"QUIT":
                        return
                    if verb == b"DATA":
                        self.take(lines, recipient)
                        time.sleep(self.delay)
                        peer.sendall(b"250 taken\r\n")
        except OSError:
            return

    def take(self, lines, recipient: bytes) -> None:
        """Read to the final dot and write the letter down. Raises ConnectionError before it."""
        message_id = b""
        digest = sha256()
        for line in lines:
            if line == b".\r\n":
                if self.log:
                    words = (recipient, message_id, digest.hexdigest().encode())
                    self.log.write(b" ".join(words) + b"\n")
                return
            if self.log:
                digest.update(line)
            if not message_id and line[:11].lower() == b"message-id:":
                message_id = line[11:].strip()
        raise ConnectionError("the letter broke off")


if __name__ == "__main__":
    port, delay_ms, log = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:4]
    Sink(port, delay_ms / 1000, Path(log[0]) if log and log[0] else None).run()
