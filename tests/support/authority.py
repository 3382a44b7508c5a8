"""A certificate authority of a test's own, by openssl."""

import subprocess
from pathlib import Path

__all__ = ["Authority"]


class Authority:
    """Signs certificates; each is a file with a key beside it (`.key`).

    Args:
        folder: where its files lie.
        name: what it is called.
    """

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self.certificate = folder / f"{name}.pem"
        self._key = self.certificate.with_suffix(".key")
        _openssl(
            f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {self._key} -out {self.certificate}"
        )

    def sign(self, name: str, *, alternative: str = "", days: int = 2) -> Path:
        """Return a new certificate for `name`; negative `days` make it one that has expired.

        Args:
            alternative: further names, as `DNS:host,IP:127.0.0.1`.
        """
        path = self._folder / f"{self.certificate.stem}-{name}-{days}.pem"
        key, request, extensions = (path.with_suffix(suffix) for suffix in (".key", ".csr", ".ext"))
        extensions.write_text(f"subjectAltName={alternative}\n" if alternative else "basicConstraints=CA:FALSE\n")
        _openssl(f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {key} -out {request}")
        _openssl(
            f"x509 -req -in {request} -CA {self.certificate} -CAkey {self._key} -CAcreateserial -days {days} "
            f"-extfile {extensions} -out {path}"
        )
        return path


def _openssl(arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True)
