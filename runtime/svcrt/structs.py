"""What generated types are made of: structs, enums, and the markers that carry the contract in annotations."""

import enum
import functools
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeAlias, get_args

import msgspec
from msgspec import Meta

from svcrt.patterns import FORMATS, combined, translated

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

MAX_UNKNOWN_VALUES = 256
"""How many unknown values an open enum remembers; more are kept by whoever holds them, not by the enum."""
MAX_UNKNOWN_LENGTH = 100
"""Code points of the longest unknown value that an open enum remembers."""

TAG_FIELD = "type"
"""Wire name of the field that tells the variants of a union apart."""

Int64: TypeAlias = Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)]
"""IDL `int`."""
Timestamp: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""IDL `timestamp`: always aware; UTC on the wire and after reading."""
LocalTime: TypeAlias = Annotated[time, Meta(tz=False)]
"""IDL `time`: a time of day without offset."""

if TYPE_CHECKING:
    AnyValue: TypeAlias = object
    """IDL `any`: whatever JSON can hold."""
else:
    AnyValue = Any  # msgspec takes `object` for a custom type


# --- markers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Digits:
    """IDL `decimal(precision, scale, ge..le)`; the limits are decimal text, inclusive, None where open."""

    precision: int
    scale: int
    ge: str | None = None
    le: str | None = None


@dataclass(frozen=True, slots=True)
class Sensitive:
    """IDL `@sensitive`: `repr` shows `***` instead of the value."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """IDL `@renamed("old")` of a field: readers accept the wire name `old` too."""

    old: str


def Pattern(pattern: str, *, format: str | None = None) -> Meta:  # noqa: N802 - stands beside Meta and Digits
    r"""IDL `str(pattern: "…")`: a regular expression as Python and JavaScript both read it, searched unless anchored.

    Python's own reading would let `$` match before a final newline and `\d` match digits of every script.

    Args:
        pattern: as in the IDL.
        format: `email`, `uri` or `hostname`, where the IDL gives both.
    """
    regex = translated(pattern) if format is None else combined(translated(pattern), FORMATS[format])
    return Meta(pattern=regex)


def Format(name: str) -> Meta:  # noqa: N802 - stands beside Meta and Digits
    """IDL `str(format: "…")`: `email`, `uri` or `hostname`."""
    return Meta(pattern=FORMATS[name])


# --- structs -----------------------------------------------------------------------------------------------------


class Struct(msgspec.Struct):
    """Base of generated structs. Its constructor does not validate; the codec does, whenever one is written or read."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Name and value of every field, sensitive ones masked."""
        hidden = sensitive_fields(type(self))
        return [(name, _MASK if name in hidden else getattr(self, name)) for name in self.__struct_fields__]

    def __repr__(self) -> str:
        if not sensitive_fields(type(self)):
            return super().__repr__()
        return self._masked_repr()

    @reprlib.recursive_repr()
    def _masked_repr(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"


class _Mask:
    def __repr__(self) -> str:
        return "***"


_MASK = _Mask()


@functools.cache
def sensitive_fields(struct: type[msgspec.Struct]) -> frozenset[str]:
    """Return the Python names of the fields of `struct` that carry `Sensitive`."""
    return frozenset(field.name for field in msgspec.structs.fields(struct) if _is_sensitive(field.type))


def _is_sensitive(annotation: Any) -> bool:
    parts = (*getattr(annotation, "__metadata__", ()), *get_args(annotation))
    return any(isinstance(part, Sensitive) or _is_sensitive(part) for part in parts)


class UnknownVariant(Struct, tag="\0unknown", tag_field=TAG_FIELD):
    """A variant of an open union that this contract does not know.

    Attributes:
        tag: its wire tag.
        value: the JSON object as it arrived, the tag included, in its order; written back as it is.
    """

    tag: str
    # Its own native form must never be read: the impossible length makes msgspec refuse it, and the codec decides.
    value: Annotated[dict[str, Any], Meta(min_length=1, max_length=0)]


# --- enums -------------------------------------------------------------------------------------------------------


class ClosedEnum(enum.StrEnum):
    """Base of generated closed enums: a value that the contract does not list is refused."""

    __renamed__: ClassVar[Mapping[str, str]] = {}
    """Former wire value to present wire value; generated enums with renamed values override it."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        present = cls.__renamed__.get(value) if isinstance(value, str) else None
        return None if present is None else cls(present)


class OpenEnum(enum.StrEnum):
    """Base of generated open enums: a value that the contract does not list is kept.

    It compares, hashes and travels as its string and says `is_unknown`. The first `MAX_UNKNOWN_VALUES` unknown values
    are remembered, so that the same value is the same object; beyond that only equality holds.
    """

    __renamed__: ClassVar[Mapping[str, str]] = {}
    """Former wire value to present wire value; generated enums with renamed values override it."""
    __unknown__: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__unknown__ = {}

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        if value in cls.__renamed__:
            return cls(cls.__renamed__[value])
        text = str(value)
        unknown: Self | None = cls.__unknown__.get(text)
        if unknown is not None:
            return unknown
        unknown = str.__new__(cls, text)
        unknown._name_ = unknown._value_ = text
        if len(cls.__unknown__) < MAX_UNKNOWN_VALUES and len(text) <= MAX_UNKNOWN_LENGTH:
            unknown = cls.__unknown__.setdefault(text, unknown)
        return unknown

    @property
    def is_unknown(self) -> bool:
        """Whether the contract does not list this value."""
        return type(self)._member_map_.get(self._name_) is not self
