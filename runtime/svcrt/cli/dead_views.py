"""What `dead` shows of parked messages: a table, a page, an object for a program."""

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from svcrt.cli.plain import json_text, one_line

if TYPE_CHECKING:
    from svcrt.cli.bodies import Bodies
    from svcrt.cli.dead_letters import DeadLetter

_COLUMNS = ("ID", "PARKED AT", "TRIES", "QUEUE", "TYPE", "ERROR", "REASON")


def table(letters: Sequence["DeadLetter"]) -> str:
    """Return a line each, below a head; on a terminal no wider than that."""
    rows = [_COLUMNS] + [
        tuple(
            one_line(cell) or "-"
            for cell in (
                each.id,
                each.at,
                each.attempt,
                each.queue,
                each.message.type or "",
                each.error,
                each.reason,
            )
        )
        for each in letters
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    lines = [
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    if sys.stdout.isatty():
        lines = [line[: shutil.get_terminal_size().columns] for line in lines]
    return "\n".join(lines)


def page(letter: "DeadLetter", bodies: "Bodies") -> str:
    """Return all that is known of it: properties, headers, body."""
    message = letter.message
    properties = {
        "id": letter.id,
        "service": letter.service,
        "queue": letter.queue or None,
        "first failed at": letter.first_at or None,
        "parked at": letter.at or None,
        "tries": letter.attempt or None,
        "error": letter.error or None,
        "reason": letter.reason or None,
        "type": message.type,
        "app_id": message.app_id,
        "content_type": message.content_type,
        "timestamp": message.timestamp,
    }
    lines = [(name, str(value)) for name, value in properties.items() if value is not None]
    lines += [(name, bodies.header(name, value)) for name, value in message.headers.items()]
    width = max(len(one_line(name)) for name, _ in lines)
    body = bodies.of_event(message) if letter.is_event else bodies.of_call(letter.service, message)
    return "\n".join(
        [*(f"{one_line(name):<{width}}  {one_line(value)}" for name, value in lines), "", json_text(body, indent=2)]
    )


def fields(letter: "DeadLetter") -> dict[str, Any]:
    """Return what `--json` prints: every key always; `first_at` is null where that is not known."""
    return {
        "id": letter.id,
        "at": letter.at,
        "first_at": letter.first_at or None,
        "service": letter.service,
        "queue": letter.queue,
        "type": letter.message.type,
        "error": letter.error,
        "attempt": letter.attempt,
        "reason": letter.reason,
    }


def count(number: int) -> str:
    """Return `1 message`, `2 messages`."""
    return f"{number} message" if number == 1 else f"{number} messages"
