"""MessagePack: the JSON of a value in another spelling, and bytes as they are.

msgspec reads and writes it untyped; its converter is the fast path, and the judges of JSON decide what that refuses.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.msgpack import Decoder, Encoder

from svcrt.codec.faults import MAX_DEPTH, TOO_DEEP, EnoughFaults, Walk, invalid
from svcrt.codec.reading import Readers
from svcrt.codec.shapes import AnyShape, Shape, Traits, holds
from svcrt.codec.wiretypes import WireTypes, unequal
from svcrt.codec.writing import REFUSALS, Write, Writers
from svcrt.errors import InvalidValue

T = TypeVar("T")

_REFUSED = (*REFUSALS, RecursionError)
_NATIVE = (bytes,)


class Unreadable:
    """In the place of what no JSON can hold: an extension type, an object whose keys are no text."""


def _refuse_extension(code: int, data: memoryview) -> Unreadable:
    return Unreadable()


_UNTYPED: Decoder[Any] = Decoder(ext_hook=_refuse_extension)
_ENCODER = Encoder()


class Packing(Generic[T]):
    """Reads and writes values of one type as MessagePack.

    Args:
        annotation: the type expression.
        judge: turns a JSON-like value into a typed one; raises InvalidValue.
    """

    def __init__(
        self,
        annotation: Any,
        shape: Shape,
        traits: Traits,
        readers: Readers,
        judge: Callable[[object], T],
    ) -> None:
        self._annotation = annotation
        self._shape = shape
        self._traits = traits
        self._readers = readers
        self._judge = judge
        # The converter takes anything for `any`.
        self._fast = unequal(shape) is None and not holds(shape, AnyShape)

    def encode(self, value: T) -> bytes:
        """Return `value` as MessagePack. Raises InvalidValue with every fault if it breaks the contract."""
        if self._fast:
            try:
                plain = msgspec.to_builtins(value, builtin_types=_NATIVE, str_keys=True)
                msgspec.convert(plain, self._strict_wire, builtin_types=_NATIVE, str_keys=True)
                return _ENCODER.encode(self._shallow(plain))
            except _REFUSED:
                pass
        return self._write(value)

    def decode(self, data: bytes) -> T:
        """Return the value that MessagePack holds, ignoring unknown fields. Raises InvalidValue with every fault."""
        try:
            plain = _UNTYPED.decode(data)
        except RecursionError:
            raise invalid(TOO_DEEP) from None
        except UnicodeDecodeError:
            raise invalid("must be MessagePack whose text is UTF-8") from None
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            reason = str(error).removeprefix("MessagePack data is malformed: ")
            raise invalid(f"must be well-formed MessagePack: {reason}") from None
        self._shallow(plain)
        if self._fast:
            try:
                msgspec.convert(plain, self._lenient_wire, builtin_types=_NATIVE, str_keys=True)
                result: T = msgspec.convert(plain, self._annotation, builtin_types=_NATIVE, str_keys=True)
            except _REFUSED:
                pass
            else:
                return result
        try:
            return self._judge(_json_like(plain))
        except RecursionError:
            raise invalid(TOO_DEEP) from None

    def _write(self, value: T) -> bytes:
        walk = Walk(strict=True)
        try:
            plain = self._writer(value, None, walk)
            if not walk.faults:
                return _ENCODER.encode(self._shallow(plain))
        except EnoughFaults:
            pass
        except RecursionError:
            raise invalid(TOO_DEEP) from None
        except OverflowError:
            # JSON has no limit of its own, so that `any` may hold more.
            raise invalid("must not hold whole numbers of more than 64 bits, which MessagePack cannot") from None
        raise InvalidValue(tuple(walk.faults))

    def _shallow(self, plain: Any) -> Any:
        if self._traits.deep and _too_deep(plain):
            raise invalid(TOO_DEEP)
        return plain

    @cached_property
    def _strict_wire(self) -> Any:
        return WireTypes(strict=True, packed=True).of(self._shape)

    @cached_property
    def _lenient_wire(self) -> Any:
        return WireTypes(strict=False, packed=True).of(self._shape)

    @cached_property
    def _writer(self) -> Write:
        return Writers(self._readers, packed=True).of(self._shape)


def _json_like(value: Any) -> Any:
    """Return `value` as readers take it: what is no JSON, and is no bytes either, becomes `Unreadable`."""
    if type(value) is list:
        return list(map(_json_like, value))
    if type(value) is dict:
        if any(type(key) is not str for key in value):
            return Unreadable()
        return {key: _json_like(item) for key, item in value.items()}
    return value


def _too_deep(value: Any) -> bool:
    """Tell whether arrays and objects are nested more than `MAX_DEPTH` levels deep, level by level."""
    level = [value] if type(value) in (list, dict) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        inside = (outer if type(outer) is list else outer.values() for outer in level)
        level = [item for items in inside for item in items if type(item) is list or type(item) is dict]
    return bool(level)
