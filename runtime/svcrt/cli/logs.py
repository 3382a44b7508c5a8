"""Logging of the runtime's processes: one line of text, or one JSON object, per record, on standard error."""

import json
import logging
import sys
from datetime import UTC, datetime

from svcrt.cli.plain import lines, one_line

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "call_id"}


def configure(*, level: str, style: str, names_process: bool = False) -> None:
    """Send every record from `level` on to standard error.

    Args:
        level: one of `svcrt.config.LOG_LEVELS`.
        style: `text` or `json`.
        names_process: whether lines of text say which process wrote them; JSON always does.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter(names_process=names_process))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # py-amqp tells of every frame at debug.
    logging.getLogger("amqp").setLevel(max(logging.INFO, logging.getLogger().level))
    # watchfiles counts the changes that we tell of by name.
    logging.getLogger("watchfiles").setLevel(max(logging.WARNING, logging.getLogger().level))


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00.123 warning svcrt.run: message [call id]`, local time; tracebacks below.

    Args:
        names_process: put the process id behind the time: several workers write to one log.
    """

    def __init__(self, *, names_process: bool = False) -> None:
        process = " %(process)d" if names_process else ""
        super().__init__(f"%(asctime)s{process} %(level)s %(name)s: %(message)s%(call)s")

    default_time_format = "%Y-%m-%d %H:%M:%S"
    default_msec_format = "%s.%03d"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        call_id = getattr(record, "call_id", None)
        record.level = record.levelname.lower()
        record.call = f" [{one_line(str(call_id))}]" if call_id else ""
        return lines(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 # logging's name
        """Return the line without the traceback; in one of ours, what others wrote into it forges no second one."""
        if record.name.startswith("svcrt."):
            record.message = one_line(record.message)
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """An object a line: `time` (UTC, RFC 3339), `pid`, `level`, `logger`, `message`, `call_id`, `error`, and extras."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        content: dict[str, object] = {
            "time": time.replace("+00:00", "Z"),
            "pid": record.process,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if call_id := getattr(record, "call_id", None):
            content["call_id"] = call_id
        if record.exc_info:
            content["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            content["stack"] = self.formatStack(record.stack_info)
        content |= {name: value for name, value in vars(record).items() if name not in _STANDARD | content.keys()}
        return json.dumps(content, ensure_ascii=False, default=str)
