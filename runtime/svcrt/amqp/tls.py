"""TLS over a non-blocking socket, without I/O of its own: the same on every concurrency back end."""

import ssl
from contextlib import AbstractContextManager

from svcrt.concurrency import Connector

_CHUNK = 256 * 1024


class TlsConnector:
    """A `Connector` that encrypts. The certificate and, unless the context says otherwise, its name are checked.

    Args:
        connection: the plain socket, which is closed with this.
        context: what to trust.
        server_name: the name that the certificate must carry.
        guard: held while OpenSSL works, which cannot read and write in two threads at once.
    """

    def __init__(
        self,
        connection: Connector,
        context: ssl.SSLContext,
        server_name: str,
        guard: AbstractContextManager[object],
    ) -> None:
        self._connection = connection
        self._guard = guard
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._cipher = b""

    @property
    def pending(self) -> int:
        """Encrypted bytes that the socket has not taken yet."""
        return len(self._cipher) + self._outgoing.pending

    def shake_hands(self) -> bool:
        """Go on with the handshake; tell whether it is done. Raises OSError (ssl.SSLError)."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._push()
                if not self._pull():
                    return False
            else:
                self._push()
                return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._connection.fileno()

    def recv(self, size: int, /) -> bytes:
        """Read what has arrived, decrypted; BlockingIOError when there is nothing. May exceed `size` by a little."""
        with self._guard:
            return self._read(size)

    def _read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while True:
            try:
                # One record at a time. None may stay behind: nobody would see it, since the socket is empty then.
                data = self._tls.read(size)
            except ssl.SSLWantReadError:
                if pieces:
                    return b"".join(pieces)
                if not self._pull():
                    raise BlockingIOError from None
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b"".join(pieces)
            else:
                if not data:
                    return b"".join(pieces)
                pieces.append(data)

    def send(self, data: bytes | memoryview, /) -> int:
        """Encrypt and write; BlockingIOError while earlier data has not left."""
        with self._guard:
            self._push()
            if self.pending:
                raise BlockingIOError
            taken = self._tls.write(data[:_CHUNK]) if len(data) else 0
            self._push()
            return taken

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        """Set an integer option of the socket."""
        self._connection.setsockopt(level, option, value)

    def close(self) -> None:
        """Close the socket."""
        self._connection.close()

    def _push(self) -> None:
        if self._outgoing.pending:
            self._cipher += self._outgoing.read()
        while self._cipher:
            try:
                sent = self._connection.send(self._cipher)
            except (BlockingIOError, InterruptedError):
                return
            self._cipher = self._cipher[sent:]

    def _pull(self) -> bool:
        try:
            data = self._connection.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return False
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return True
