"""B0104: A field or parameter was removed that old HTTP clients may send."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import Direction
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0104",
    name="http-field-removed",
    tags=(Category.ROUTE,),
    title="A field or parameter was removed from what HTTP clients send.",
    meaning=(
        "On the bus a reader ignores fields that it does not know. The HTTP gateway refuses them, so that a "
        "misspelt one is noticed: a client that still sends the removed field gets 400."
    ),
    before="""\
service Orders {
  rpc search(text: str, limit: int = 20) -> list<int>
    http GET "/orders"
}
""",
    wrong="""\
service Orders {
  rpc search(text: str) -> list<int>
    http GET "/orders"
}
""",
    right="""\
service Orders {
  rpc search(text: str, @deprecated("has no effect") limit: int = 20) -> list<int>
    http GET "/orders"
}
""",
    remedy="Keep it, marked `@deprecated`, and ignore its value until no client sends it any more.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        if Direction.HTTP not in owner.reach:
            continue
        for field in owner.fields.removed:
            if not _is_ignored(field):
                yield Finding(
                    category=Category.ROUTE,
                    thing=(field, ""),
                    message=f"the {owner.noun} `{owner.name}.{field.name}` was removed from what HTTP clients send",
                    breaks="HTTP requests with it are refused",
                    remedy="keep it, marked `@deprecated`, until no client sends it any more",
                    span=owner.new.span,
                    label=f"`{field.name}` was removed from here",
                    old_line=spell_field(field),
                    old_span=field.span,
                )


def _is_ignored(field: model.Field) -> bool:
    """Tell whether a parameter is no field of the request: unknown headers are ignored, paths are told of elsewhere."""
    return isinstance(field, model.Parameter) and field.source in (
        model.ParameterSource.HEADER,
        model.ParameterSource.PATH,
    )


RULE = Rule(page=PAGE, check=check)
