"""Words in names: how names are spelt, and what they say."""

import re

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, however it is spelt: `unitPrice`, `unit_price`, `UnitPrice`."""
    return tuple(part.lower() for part in _PARTS.findall(name))


def snake(name: str) -> str:
    """Return `name` as `unit_price`."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"_+", "_", text).strip("_").lower() or name


def pascal(name: str) -> str:
    """Return `name` as `UnitPrice`; what is written in capitals inside a word stays."""
    parts = [part for part in name.split("_") if part]
    if all(part.isupper() for part in parts) and len(parts) > 1:
        parts = [part.lower() for part in parts]
    return "".join(part[0].upper() + part[1:] for part in parts) or name
