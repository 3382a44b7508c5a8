import re

from hypothesis import given
from hypothesis import strategies as st

from sansio_client import make_broker
from svcrt.embedded.exchanges import Exchange

_WORD = st.sampled_from(["a", "b", "c"])
_KEY = st.lists(_WORD, max_size=5).map(".".join)
_PATTERN = st.lists(_WORD | st.sampled_from(["*", "#"]), min_size=1, max_size=5).map(".".join)


def _matches(pattern: str, key: str) -> bool:
    """The same by a regular expression over words that all end with a dot."""
    parts = {"*": r"[^.]+\.", "#": r"(?:[^.]+\.)*"}
    expression = "".join(parts.get(part, re.escape(part) + r"\.") for part in pattern.split("."))
    return re.fullmatch(expression, key + "." if key else "") is not None


@given(_PATTERN, _KEY)
def test_topic_matching_agrees_with_a_regular_expression(pattern: str, key: str) -> None:
    broker, _ = make_broker()
    exchange = Exchange(name="t", kind="topic", durable=False, auto_delete=False, internal=False, arguments={})
    queue = broker.topology.declare_queue(
        name="q", durable=False, auto_delete=False, owner=None, arguments={}, generated=False
    )
    exchange.bind(pattern, queue)
    assert list(exchange.match(key)) == ([queue] if _matches(pattern, key) else [])


def test_a_hostile_pattern_takes_no_exponential_time() -> None:
    broker, _ = make_broker()
    exchange = broker.topology.exchanges["amq.topic"]
    queue = broker.topology.declare_queue(
        name="q", durable=False, auto_delete=False, owner=None, arguments={}, generated=False
    )
    exchange.bind(".".join(["#", "a"] * 60), queue)
    assert list(exchange.match(".".join(["a"] * 100 + ["b"]))) == []
