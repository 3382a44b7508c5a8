"""What was read from JSON, held against what is expected there."""

import base64
import binascii
import enum
import json
from typing import Any, TypeVar

from svcidl.ir.form import KIND_OF, ModelFormatError

EnumT = TypeVar("EnumT", bound=enum.Enum)


def shown(item: object) -> str:
    """Return a value as it stands in a message: JSON, cut short."""
    text = json.dumps(item, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"


def plain(item: Any, classes: type | tuple[type, ...], at: str) -> Any:
    """Return `item` if it is of one of the classes; True is no int."""
    expected = classes if isinstance(classes, tuple) else (classes,)
    if type(item) in expected:
        return item
    names = " or ".join(dict.fromkeys(_NAMES[cls] for cls in expected))
    raise ModelFormatError(f"{at} must be {names}, and is {shown(item)}")


_NAMES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def as_list(item: Any, at: str) -> list[Any]:
    """Return `item` if it is a list."""
    found: list[Any] = plain(item, list, at)
    return found


def as_object(item: Any, at: str) -> dict[str, Any]:
    """Return `item` if it is a JSON object."""
    found: dict[str, Any] = plain(item, dict, at)
    return found


def as_member(cls: type[EnumT], item: Any, at: str) -> EnumT:
    """Return the member of an enumeration whose value is `item`."""
    for member in cls:
        if member.value == item:
            return member
    raise ModelFormatError(f"{at} is {shown(item)}; it must be one of {', '.join(str(each.value) for each in cls)}")


def as_bytes(item: Any, at: str) -> bytes:
    """Return what base64 text stands for."""
    try:
        return base64.b64decode(plain(item, str, at), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ModelFormatError(f"{at} must be base64, and is {shown(item)}") from error


def class_of(classes: tuple[type, ...], item: Any, at: str) -> type:
    """Return the one of `classes` that the object's `kind` means."""
    kind = as_object(item, at).get("kind")
    for cls in classes:
        if KIND_OF.get(cls) == kind:
            return cls
    expected = ", ".join(KIND_OF[cls] for cls in classes)
    raise ModelFormatError(f"{at}.kind is {shown(kind)}; it must be one of {expected}")
