"""The embedded broker as a process: ``python -m svcrt.embedded``; exits 0 on SIGTERM, 1 when it cannot start."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

from .broker import Broker
from .server import Server

__all__ = ["main"]


class _StartError(Exception):
    """One sentence for whoever started the process."""


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; return the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s embedded broker: %(message)s")
    try:
        user, password = _credentials(options.credentials_file)
        asyncio.run(_serve(options, user, password))
    except _StartError as error:
        print(f"embedded broker: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m svcrt.embedded",
        description="An AMQP 0-9-1 broker in memory, for development and tests. What it holds is lost when it ends.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument(
        "--credentials-file", type=Path, required=True, metavar="PATH", help='JSON: {"user": "…", "password": "…"}'
    )
    parser.add_argument(
        "--ready-fd", type=int, metavar="N", help='write {"host", "port", "pid"} and a newline here once it listens'
    )
    parser.add_argument("--ready-file", type=Path, metavar="PATH", help="write the same to this file")
    parser.add_argument(
        "--exit-with-fd", type=int, metavar="N", help="end when this inherited pipe closes; Ctrl-C is then its owner's"
    )
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    return parser


def _credentials(path: Path) -> tuple[str, str]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise _StartError(f"cannot read the credentials file {path}: {error.strerror}") from error
    except ValueError as error:
        raise _StartError(f"the credentials file {path} is not JSON: {error}") from error
    fields = content if isinstance(content, dict) else {}
    user, password = fields.get("user"), fields.get("password")
    if not (isinstance(user, str) and isinstance(password, str) and user and password):
        raise _StartError(f'the credentials file {path} must hold "user" and "password", both strings and not empty')
    return user, password


async def _serve(options: argparse.Namespace, user: str, password: str) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if options.exit_with_fd is None:
        loop.add_signal_handler(signal.SIGINT, stop.set)
    else:
        # Ctrl-C reaches the whole process group, and the services need the broker while they finish.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _watch(loop, options.exit_with_fd, stop)
    server = Server(Broker(user=user, password=password, clock=loop.time))
    try:
        port = await server.start(options.host, options.port)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise _StartError(f"cannot listen on {options.host}:{options.port}: {reason}") from error
    try:
        _announce(options, {"host": options.host, "port": port, "pid": os.getpid()})
        await stop.wait()
    finally:
        await server.stop()


def _watch(loop: asyncio.AbstractEventLoop, descriptor: int, stop: asyncio.Event) -> None:
    def readable() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            stop.set()

    try:
        loop.add_reader(descriptor, readable)
    except (OSError, ValueError) as error:
        raise _StartError(f"--exit-with-fd {descriptor} is no open pipe: {error}") from error


def _announce(options: argparse.Namespace, where: dict[str, str | int]) -> None:
    line = json.dumps(where) + "\n"
    try:
        if options.ready_fd is not None:
            os.write(options.ready_fd, line.encode())
            os.close(options.ready_fd)
        if options.ready_file is not None:
            # Renamed into place: whoever waits for the file must not read half of it.
            with tempfile.NamedTemporaryFile("w", dir=options.ready_file.parent, delete=False) as draft:
                draft.write(line)
            Path(draft.name).replace(options.ready_file)
    except OSError as error:
        raise _StartError(f"cannot announce that it is ready: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
