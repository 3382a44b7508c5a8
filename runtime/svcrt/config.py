"""Settings of a run and where each came from: `svcgen.toml`, below environment variables, below flags."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from svcrt.errors import ConfigError

FILE_NAME = "svcgen.toml"
_OF_THE_COMPILER = frozenset(("lint",))
"""Tables that commands of the compiler read, and check."""
ENVIRONMENT_PREFIX = "SVCGEN_"
ENCODINGS = ("json", "msgpack")
LINKS = ("fast", "stock")
QUEUE_TYPES = ("classic", "quorum")
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
DEFAULT = "default"
_MOST_WORKERS = 1000
_MOST_AT_A_TIME = _MOST_HEARTBEAT = 65535
"""AMQP has 16 bits for a prefetch, and for a heartbeat."""
_MOST_SECONDS = 1_000_000
"""`epoll` waits 24 days at the longest."""
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a port listens. Port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        """`host:port`, as a URL has it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `svcgen.toml`, environment and flags agreed on.

    Attributes:
        services: what to run, each as `module:Class`.
        broker: URLs of one broker or of a cluster's nodes, tried in turn; empty for the embedded broker.
        http: where HTTP listens; None for nowhere.
        origins: whose pages may open web sockets beside our own, as `https://shop.example`; `*` for all.
        admin: where liveness and readiness are told; None for nowhere.
        workers: worker processes, each hosting all services.
        max_workers: requests that each service works on at a time, per process.
        drain: seconds that running work may take to end after SIGTERM.
        heartbeat: seconds between AMQP heartbeats.
        link: one of `LINKS`; what talks to the broker: frames of our own, or stock py-amqp.
        encoding: one of `ENCODINGS`; what is sent to other services.
        queues: one of `QUEUE_TYPES`; what jobs, events and parked messages lie in.
        wait_for_service: whether calls of workers wait, up to their deadline, for a service that is not running.
        middleware: the application's own, outermost first, each as `module:name`.
        log_level: one of `LOG_LEVELS`.
        log_format: one of `LOG_FORMATS`.
        config: the application's own table, passed to the services unread.
    """

    services: tuple[str, ...] = ()
    broker: tuple[str, ...] = ()
    http: Address | None = Address("127.0.0.1", 8000)
    origins: tuple[str, ...] = ()
    admin: Address | None = None
    workers: int = 1
    max_workers: int = 10
    drain: float = 30.0
    heartbeat: int = 10
    link: str = "fast"
    encoding: str = "json"
    queues: str = "classic"
    wait_for_service: bool = False
    middleware: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "text"
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Settings with their origins.

    Attributes:
        settings: the values.
        origins: for each key of `Settings`, who set it, as a person would say it; `DEFAULT` for nobody.
        file: the configuration file that was read, if there is one.
    """

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None

    def is_chosen(self, key: str) -> bool:
        """Whether somebody set `key`."""
        return self.origins[key] != DEFAULT


@dataclass(frozen=True, slots=True)
class Flag:
    """A value given on the command line: the flag as a person writes it, and its text."""

    name: str
    text: str


class _Unfit(Exception):
    """A value that a setting cannot take; the message completes 'must be ...'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """How one key is read: `read` takes what TOML has, `parse` turns text into that."""

    read: Callable[[object], object]
    parse: Callable[[str], object] = str


def load(
    folder: Path,
    *,
    file: Path | None = None,
    environment: Mapping[str, str],
    flags: Mapping[str, Flag] | None = None,
) -> Configuration:
    """Read the settings that hold in `folder`.

    Args:
        folder: where `svcgen.toml` is looked for; it may be missing.
        file: the configuration file to read instead; it must exist.
        environment: environment variables; those that begin with `SVCGEN_`, name a setting and are not empty count.
        flags: values from the command line, by key of `Settings`.

    Raises:
        ConfigError: an unreadable file, an unknown key, a value of the wrong type.
    """
    found = file if file is not None else folder / FILE_NAME
    # A folder of that name, or a link that leads nowhere, is a mistake to tell; `is_file` says the same of nothing.
    exists = file is not None or found.is_file() or found.is_dir() or found.is_symlink()
    values: dict[str, Any] = {}
    origins = dict.fromkeys(_SETTINGS, DEFAULT) | {"config": DEFAULT}
    if exists:
        values, origins = _from_file(found, origins)
    texts = _from_environment(environment) | {key: (flag.name, flag.text) for key, flag in (flags or {}).items()}
    for key, (origin, text) in texts.items():
        values[key] = _value(key, text, f"{origin} must be", is_text=True)
        origins[key] = origin
    return Configuration(settings=Settings(**values), origins=origins, file=found if exists else None)


def _from_file(path: Path, origins: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    for key, raw in _toml(path).items():
        if key in _OF_THE_COMPILER:
            continue
        if key not in origins:
            raise ConfigError(f"{path}: unknown key `{key}`{_suggestion(key, origins)}")
        if key == "config":
            if not isinstance(raw, dict):
                raise ConfigError(f"{path}: `config` must be a table, not {_kind(raw)}; write it as `[config]`")
            values[key] = raw
        else:
            values[key] = _value(key, raw, f"{path}: `{key}` must be")
        origins[key] = str(path)
    return values, origins


def _toml(path: Path) -> dict[str, Any]:
    # Most runs in a container have no file.
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or thousands of brackets, is no TOMLDecodeError.
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    names = {ENVIRONMENT_PREFIX + key.upper(): key for key in _SETTINGS}
    texts = {}
    for name, text in environment.items():
        if name in names:
            if not text:
                continue
            texts[names[name]] = (f"environment variable {name}", text)
        elif name.startswith(ENVIRONMENT_PREFIX) and (suggestion := _suggestion(name, names)):
            # What resembles none of ours passes: Kubernetes sets SVCGEN_PORT and others for a service called svcgen.
            raise ConfigError(f"unknown environment variable `{name}`{suggestion}")
    return texts


def _suggestion(name: str, known: Mapping[str, object]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return f"; did you mean `{near[0]}`?" if near else ""


def _value(key: str, raw: object, blame: str, *, is_text: bool = False) -> object:
    setting = _SETTINGS[key]
    try:
        return setting.read(setting.parse(raw) if is_text and isinstance(raw, str) else raw)
    except _Unfit as unfit:
        raise ConfigError(f"{blame} {unfit}") from None


def _kind(raw: object) -> str:
    match raw:
        case bool():
            return "true" if raw else "false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a table"
    return "a date or time"


# --- how the keys are read ---------------------------------------------------------------------------------------


def _list(text: str) -> object:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str) -> object:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _port_or_text(text: str) -> object:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else text


def _texts(raw: object, expected: str) -> tuple[str, ...]:
    items = [raw] if isinstance(raw, str) else raw
    if not isinstance(items, list):
        raise _Unfit(f"{expected}, or a list of such, not {_kind(items)}")
    wrong = next((item for item in items if not isinstance(item, str)), None)
    if wrong is not None:
        raise _Unfit(f"{expected}, or a list of such, not a list with {_kind(wrong)} in it")
    return tuple(items)


def _services(raw: object) -> tuple[str, ...]:
    return _in_modules(raw, "`module:Class`", "greeter:Greeter")


def _middleware(raw: object) -> tuple[str, ...]:
    return _in_modules(raw, "`module:name`", "layers:count_requests")


def _in_modules(raw: object, form: str, example: str) -> tuple[str, ...]:
    names = _texts(raw, form)
    for name in names:
        module, colon, found = name.partition(":")
        if not colon or not found.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
            raise _Unfit(f"{form}, as in `{example}`, not `{name}`")
    return names


def _truth(text: str) -> object:
    return {"true": True, "false": False}.get(text.lower(), text)


def _yes(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise _Unfit(f"true or false, not {_said(raw)}")
    return raw


def _broker(raw: object) -> tuple[str, ...]:
    urls = _texts(raw, "a URL such as `amqp://user:password@host:5672/vhost`")
    for url in urls:
        try:
            parts = urlsplit(url)
            fits = parts.scheme in ("amqp", "amqps") and parts.hostname is not None and parts.port != 0
        except ValueError:
            fits = False
        if not fits:
            # The value is not repeated: it may hold a password.
            raise _Unfit(
                "a URL such as `amqp://user:password@host:5672/vhost` (`amqps` for TLS; `/` in a password is `%2F`)"
            )
    return urls


def _address(raw: object) -> Address | None:
    if raw is False or raw == "off":
        return None
    text = f"127.0.0.1:{raw}" if isinstance(raw, int) and not isinstance(raw, bool) else raw
    if isinstance(text, str):
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if colon and host and port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535:
            return Address(host, int(port))
    said = f"`{raw}`" if isinstance(raw, str) else _kind(raw)
    raise _Unfit(f"HOST:PORT, a port, or `off`, not {said}")


def _origins(raw: object) -> tuple[str, ...]:
    origins = _texts(raw, "`https://host`, as a browser's header `Origin` has it")
    for origin in origins:
        if origin != "*" and _ORIGIN.fullmatch(origin) is None:
            raise _Unfit(f"`https://host` or `https://host:port` without a path, or `*` for all, not `{origin}`")
    return origins


def _whole(most: int) -> Callable[[object], int]:
    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or raw < 1:
            raise _Unfit(f"a whole number from 1, not {_said(raw)}")
        if raw > most:
            raise _Unfit(f"a whole number up to {most}, not {_said(raw)}")
        return raw

    return read


def _seconds(raw: object) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw < math.inf:
        if raw <= _MOST_SECONDS:
            return float(raw)
        raise _Unfit(f"a number of seconds up to {_MOST_SECONDS}, not {_said(raw)}")
    raise _Unfit(f"a number of seconds from 0, not {_said(raw)}")


def _one_of(words: tuple[str, ...]) -> Callable[[object], str]:
    def read(raw: object) -> str:
        word = raw.lower() if isinstance(raw, str) else raw
        if word not in words:
            raise _Unfit(f"one of {', '.join(words)}, not {_said(raw)}")
        return str(word)

    return read


def _said(raw: object) -> str:
    if isinstance(raw, int) and abs(raw) >= 10**20:
        return "a number of more than twenty digits"
    if isinstance(raw, str) or (isinstance(raw, int | float) and not isinstance(raw, bool)):
        return f"`{raw}`"
    return _kind(raw)


_SETTINGS: Mapping[str, _Setting] = {
    "services": _Setting(read=_services, parse=_list),
    "broker": _Setting(read=_broker, parse=_list),
    "http": _Setting(read=_address, parse=_port_or_text),
    "origins": _Setting(read=_origins, parse=_list),
    "admin": _Setting(read=_address, parse=_port_or_text),
    "workers": _Setting(read=_whole(_MOST_WORKERS), parse=_number),
    "max_workers": _Setting(read=_whole(_MOST_AT_A_TIME), parse=_number),
    "drain": _Setting(read=_seconds, parse=_number),
    "heartbeat": _Setting(read=_whole(_MOST_HEARTBEAT), parse=_number),
    "link": _Setting(read=_one_of(LINKS)),
    "encoding": _Setting(read=_one_of(ENCODINGS)),
    "queues": _Setting(read=_one_of(QUEUE_TYPES)),
    "wait_for_service": _Setting(read=_yes, parse=_truth),
    "middleware": _Setting(read=_middleware, parse=_list),
    "log_level": _Setting(read=_one_of(LOG_LEVELS)),
    "log_format": _Setting(read=_one_of(LOG_FORMATS)),
}
