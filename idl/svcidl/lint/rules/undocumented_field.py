"""A field's name and type leave open what it means, in which unit, and when it is absent."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected


def undocumented_field(context: Context) -> Iterator[Problem]:
    """Find fields and values of enums without documentation."""
    for _, node in context.declarations:
        entries: tuple[nodes.Field | nodes.EnumValue, ...] = ()
        if isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
            entries, noun = node.fields, "field"
        elif isinstance(node, nodes.Enum):
            entries, noun = node.values, "value"
        for entry in entries:
            if not entry.doc:
                message = f"{noun} `{entry.name.text}` of `{node.name.text}` has no documentation"
                yield Problem(span=entry.name.span, message=message, help=("write `/// …` above it",))


RULE = Rule(
    find=undocumented_field,
    page=Explanation(
        code="L0148",
        name="undocumented-field",
        tags=("opt-in",),
        title="A field or a value of an enum has no documentation.",
        meaning="For contracts that others build on without asking: what a field means, its unit, when it is absent, "
        "and what a value stands for. Parameters are told of by the documentation of their method.",
        wrong=selected("undocumented-field", "package shop.v1\n\nstruct Order {\n  weight: int\n}"),
        right=selected(
            "undocumented-field", "package shop.v1\n\nstruct Order {\n  /// With packing, in grams.\n  weight: int\n}"
        ),
        remedy="Say what the name does not.",
    ),
)
