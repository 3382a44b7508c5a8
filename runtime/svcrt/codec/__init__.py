"""From typed values to JSON or MessagePack and back, holding the whole contract: what annotations say, nothing else.

The fast path is msgspec's compiled code; where it refuses, or cannot know, the compiled readers and writers judge. The
fast path never takes what the judge would refuse. Modules, in the order of a type's way: reflect (annotation to
shape), wiretypes (shape to native types), reading and writing (the judges), packed (MessagePack), faults.
"""

import threading
from functools import cached_property, partial
from typing import Any, Generic, TypeVar, overload

import msgspec
from msgspec.json import Decoder, Encoder

from svcrt.codec.depth import too_deep
from svcrt.codec.faults import MAX_DEPTH, MAX_FAULTS, TOO_DEEP, EnoughFaults, Walk, invalid
from svcrt.codec.packed import Packing
from svcrt.codec.reading import Readers
from svcrt.codec.reflect import Reflector
from svcrt.codec.shapes import traits
from svcrt.codec.values import UNTYPED, Text, as_text
from svcrt.codec.wiretypes import WireTypes, needs_wire, unequal
from svcrt.codec.writing import REFUSALS, Writers
from svcrt.errors import InvalidValue

__all__ = ["MAX_DEPTH", "MAX_FAULTS", "Codec", "Text", "codec"]

T = TypeVar("T")

_ENCODER = Encoder()
_REFUSED = (*REFUSALS, RecursionError)


class Codec(Generic[T]):
    """Reads and writes values of one type. Safe to use from several threads. Make one with `codec`."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation
        self._shape = Reflector().shape(annotation)
        self._traits = traits(self._shape, needs_wire)
        self._native: Decoder[T] = Decoder(annotation)
        # Sets outside a struct are beyond the wire types.
        self._fast = unequal(self._shape) is None

    def encode(self, value: T, *, packed: bool = False) -> bytes:
        """Return `value` as JSON, or MessagePack if `packed`.

        Raises:
            InvalidValue: it breaks the contract; with every fault.
        """
        if packed:
            return self.pack(value)
        if self._fast:
            try:
                data = _ENCODER.encode(value)
                self._strict_wire.decode(data)
                if not self._traits.null_hides_nan or b"null" not in data:
                    return self._shallow(data)
            except _REFUSED:
                pass
        return self._shallow(self._write(value))

    def decode(self, data: bytes, *, packed: bool = False) -> T:
        """Return the value that JSON holds, or MessagePack if `packed`, ignoring unknown fields.

        Raises:
            InvalidValue: it breaks the contract; with every fault.
        """
        if packed:
            return self.unpack(data)
        if self._fast:
            try:
                if not data.isascii():
                    data.decode()  # msgspec skips what it does not know unread
                if self._traits.rich:
                    self._lenient_wire.decode(data)
                value = self._native.decode(data)
            except _REFUSED:
                pass
            else:
                self._shallow(data)
                return value
        return self._read(data, strict=False)

    def pack(self, value: T) -> bytes:
        """Return `value` as MessagePack. Raises InvalidValue with every fault if it breaks the contract."""
        return self._packing.encode(value)

    def unpack(self, data: bytes) -> T:
        """Return the value that MessagePack holds, ignoring unknown fields. Raises InvalidValue with every fault."""
        return self._packing.decode(data)

    def decode_strict(self, data: bytes) -> T:
        """Return the value that JSON holds; an unknown field is a fault. Raises InvalidValue with every fault."""
        if self._fast:
            try:
                self._strict_wire.decode(data)
                value = self._native.decode(data)
            except _REFUSED:
                pass
            else:
                self._shallow(data)
                return value
        return self._read(data, strict=True)

    def convert(self, value: object, *, strict: bool, text: bool = False) -> T:
        """Return the typed value that a JSON-like one (None, bool, int, float, str, list, dict) stands for.

        Args:
            strict: whether an unknown field is a fault.
            text: whether every str in `value` came as text (query, path, header, command line): then `"5"` is a
                number where one is due, `"true"` a bool, a lone str a list of one, and a str where an object is due
                is JSON. To say so of some values only, make them `Text` and leave this off.

        Raises:
            InvalidValue: with every fault.
        """
        return self._judge(as_text(value) if text else value, strict=strict)

    def to_builtins(self, value: T) -> Any:
        """Return `value` as what its JSON holds: None, bool, int, float, str, list, dict. Raises InvalidValue."""
        return UNTYPED.decode(self.encode(value))

    def _read(self, data: bytes, *, strict: bool) -> T:
        try:
            data.decode()
            value = UNTYPED.decode(data)
        except UnicodeDecodeError as error:
            raise invalid(f"must be JSON in UTF-8; byte {error.start} is not") from None
        except msgspec.MsgspecError as error:
            reason = str(error).removeprefix("JSON is malformed: ")
            raise invalid(f"must be well-formed JSON: {reason}") from None
        except RecursionError:
            raise invalid(TOO_DEEP) from None
        self._shallow(data)
        return self._judge(value, strict=strict)

    def _judge(self, value: object, *, strict: bool) -> T:
        walk = Walk(strict=strict)
        try:
            result: T = self._reader(value, None, walk)
        except EnoughFaults:
            pass
        except RecursionError:
            raise invalid(TOO_DEEP) from None
        if walk.faults:
            raise InvalidValue(tuple(walk.faults))
        return result

    def _write(self, value: T) -> bytes:
        walk = Walk(strict=True)
        try:
            plain = self._writer(value, None, walk)
            if not walk.faults:
                return _ENCODER.encode(plain)
        except EnoughFaults:
            pass
        except RecursionError:
            raise invalid(TOO_DEEP) from None
        raise InvalidValue(tuple(walk.faults))

    def _shallow(self, data: bytes) -> bytes:
        if self._traits.deep and too_deep(data):
            raise invalid(TOO_DEEP)
        return data

    # Compiled at first use: many types are only read or only written, and faults are rare.

    @cached_property
    def _strict_wire(self) -> Decoder[Any]:
        return Decoder(WireTypes(strict=True).of(self._shape))

    @cached_property
    def _lenient_wire(self) -> Decoder[Any]:
        return Decoder(WireTypes(strict=False).of(self._shape))

    @cached_property
    def _packing(self) -> Packing[T]:
        return Packing(self._annotation, self._shape, self._traits, self._readers, partial(self._judge, strict=False))

    @cached_property
    def _readers(self) -> Readers:
        return Readers()

    @cached_property
    def _reader(self) -> Any:
        return self._readers.of(self._shape)

    @cached_property
    def _writer(self) -> Any:
        return Writers(self._readers).of(self._shape)


_codecs: dict[Any, Codec[Any]] = {}
_lock = threading.Lock()


@overload
def codec(annotation: type[T]) -> Codec[T]: ...
@overload
def codec(annotation: object) -> Codec[Any]: ...
def codec(annotation: Any) -> Codec[Any]:
    """Return the codec of a type expression of generated code: a struct, `list[Order]`, `str | None`, `None`.

    The same expression gives the same codec. Raises TypeError for what no contract can hold.
    """
    known = _codecs.get(annotation)
    if known is None:
        with _lock:
            known = _codecs.get(annotation)
            if known is None:
                known = _codecs[annotation] = Codec(annotation)
    return known
