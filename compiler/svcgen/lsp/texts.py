"""What is said of the words of the language: built-in types and annotations."""

from collections.abc import Mapping

from svcidl.resolve.annotation_table import PLACES, USAGE

TYPES: Mapping[str, tuple[str, str]] = {
    "bool": ("`bool`", "`true` or `false`"),
    "int": ("`int`, 64 bits with a sign", "a number. Constraint: `int(1..100)`, either end may be open"),
    "float": ("`float`", "a number, never NaN or infinite. Constraint: `float(0.0..1.0)`"),
    "decimal": ("`decimal.Decimal`", "a string. Precision, scale and range: `decimal(12, 2, 0..1000)`"),
    "str": ("`str`", 'a string. Constraints: length `str(1..40)`, `pattern: "…"`, `format: "email"`'),
    "bytes": ("`bytes`", "a string in base64. Constraint: length"),
    "uuid": ("`uuid.UUID`", "a string"),
    "timestamp": ("`datetime.datetime`, always with its time zone", "a string, RFC 3339, in UTC"),
    "date": ("`datetime.date`", "a string, RFC 3339"),
    "time": ("`datetime.time`", "a string, RFC 3339"),
    "duration": ("`datetime.timedelta`", "a string, ISO 8601"),
    "any": ("`object`", "anything"),
    "list": ("`list[T]`", "an array. Constraint: length, `list<int>(1..10)`"),
    "set": ("`set[T]`, of scalars and enums", "an array. Constraint: length"),
    "map": ("`dict[K, V]`", "an object. Keys are strings, integers, uuids or enums"),
}
"""Of each built-in type what it is in Python, and in JSON with its constraints."""

ANNOTATIONS: Mapping[str, str] = {
    "timeout": "How long a call may take before the caller gives up.",
    "idempotent": "Calling twice does what calling once does, so a call may be sent again.",
    "retry": "How often and after which pauses a failed job or event is tried again.",
    "concurrency": "How many of these run at the same time in one instance.",
    "delivery": "Who handles an event: one instance of this service (`pool`), every instance (`broadcast`), or one "
    "among all services (`singleton`).",
    "per_instance": "The timer fires on every instance, not on one of them.",
    "auth": "The authentication that callers need; `none` opens one member of a protected service.",
    "header": "The parameter travels in this HTTP header.",
    "query": "The parameter travels in the query of the URL.",
    "sensitive": "The value is kept out of logs and traces.",
    "renamed": "The former name; readers accept both.",
    "tag": "How the variant is called in the field `type`.",
    "retryable": "The same call may succeed later.",
    "deprecated": "What should no longer be used, and what to use instead.",
    "owner": "The team to talk to.",
}


def of_type(name: str) -> str:
    """Return what hovers over a built-in type, in Markdown."""
    python, json = TYPES[name]
    return f"```svcgen\n{name}\n```\n\nPython: {python}\n\nJSON: {json}"


def of_annotation(name: str) -> str:
    """Return what hovers over an annotation, in Markdown."""
    places = ", ".join(PLACES[name]) if len(PLACES[name]) < 10 else "anything declared"
    return f"```svcgen\n{USAGE[name]}\n```\n\n{ANNOTATIONS[name]}\n\nStands on: {places}"
