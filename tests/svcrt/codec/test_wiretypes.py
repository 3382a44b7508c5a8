import re
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from svcrt.codec.values import fitted
from svcrt.codec.wiretypes import decimal_pattern
from svcrt.generated import Digits

LIMITS = st.none() | st.decimals(-2000, 2000, places=2)


@st.composite
def _digits(draw: st.DrawFn) -> Digits:
    low, high = draw(LIMITS), draw(LIMITS)
    scale = draw(st.integers(0, 3))
    ge, le = (None if limit is None else str(limit) for limit in (low, high))
    return Digits(draw(st.integers(max(scale, 1), 6)), scale, ge, le)


@settings(derandomize=True, deadline=None)
@given(_digits(), st.lists(st.from_regex(r"\A-?[0-9]{1,5}(\.[0-9]{1,4})?\Z"), min_size=20, max_size=40))
def test_the_pattern_of_a_decimal_takes_only_what_fits(digits: Digits, texts: list[str]) -> None:
    pattern = re.compile(decimal_pattern(digits))
    for text in texts:
        if pattern.search(text):
            assert format(fitted(Decimal(text), digits), "f") == text


def test_the_pattern_of_a_decimal_takes_the_common_ones() -> None:
    for digits, taken in (
        (Digits(12, 2), ["0", "-0.5", "1234567890.12"]),
        (Digits(12, 2, ge="0"), ["0.00", "19.90"]),
        (Digits(12, 2, ge="0", le="1000"), ["0", "999.99"]),
        (Digits(12, 2, ge="0.01"), ["1", "19.90"]),
        (Digits(12, 2, ge="-100", le="100"), ["-99.99", "0", "99"]),
        (Digits(4, 4), ["0.1234", "-0.1"]),
    ):
        for text in taken:
            assert re.search(decimal_pattern(digits), text), (digits, text)
