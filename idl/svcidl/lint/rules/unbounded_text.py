"""Text without a bound lets one caller send what fills memory, log and database column."""

from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.resolve.constraints import read_constraints
from svcidl.resolve.program import builtin


def unbounded_text(context: Context) -> Iterator[Problem]:
    """Find strings and bytes without an upper bound that a caller can send."""
    own = {unit.file.source.path for unit in context.units}
    for use, origin in context.requests.uses.items():
        kind = builtin(use)
        if kind in ("str", "bytes") and use.span.file in own:
            length = read_constraints(kind, use).length
            if length is None or length.high is None:
                message = f"callers of `{origin}` may send {'text' if kind == 'str' else 'bytes'} of any length"
                yield Problem(span=use.span, message=message, help=(f"give it an upper bound: `{kind}(..200)`",))


RULE = Rule(
    find=unbounded_text,
    page=Explanation(
        code="L0130",
        name="unbounded-text",
        tags=("opt-in",),
        title="A request holds a string or bytes without an upper bound.",
        meaning="Somewhere behind the service there is a column, a log line or a screen that has a width. A bound in "
        "the contract refuses the rest before it comes there, with a message that names the field.",
        wrong=selected("unbounded-text", "package shop.v1\n\nservice Orders {\n  rpc note(id: uuid, text: str)\n}"),
        right=selected(
            "unbounded-text", "package shop.v1\n\nservice Orders {\n  rpc note(id: uuid, text: str(..500))\n}"
        ),
        remedy="Give it a bound: `str(..500)`, best in an alias that says what it is.",
    ),
)
