"""B0155: HTTP takes a parameter from another place."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0155",
    name="parameter-moved",
    tags=(Category.ROUTE,),
    title="HTTP takes a parameter from another place of the request.",
    meaning=(
        "Old HTTP clients send it where it was: in the path, the query, a header, as the body or as a part of "
        "it. On the bus nothing changes."
    ),
    before="""\
service Orders {
  rpc search(text: str) -> str
    http POST "/search"
}
""",
    wrong="""\
service Orders {
  rpc search(@query text: str) -> str
    http POST "/search"
}
""",
    right="""\
service Orders {
  rpc search(text: str, limit: int = 20) -> str
    http POST "/search"
}
""",
    remedy="Leave it where it was.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        for old, new in owner.fields.kept:
            if not isinstance(old, model.Parameter) or not isinstance(new, model.Parameter):
                continue
            if old.source is not None and new.source is not None and _place(old) != _place(new):
                yield Finding(
                    category=Category.ROUTE,
                    thing=(new, ""),
                    message=f"HTTP takes `{owner.name}.{new.name}` from {_told(new)} instead of {_told(old)}",
                    breaks="old HTTP clients send it where it was",
                    remedy="leave it where it was",
                    span=new.span,
                    old_line=spell_field(old),
                    old_span=old.span,
                )


def _place(parameter: model.Parameter) -> tuple[model.ParameterSource | None, str | None]:
    # A path is anonymous, a whole body too; of a parameter with another name another rule tells.
    has_key = parameter.source in (model.ParameterSource.QUERY, model.ParameterSource.HEADER)
    key = parameter.source_name if has_key and parameter.source_name != parameter.name else None
    return parameter.source, key.lower() if key and parameter.source is model.ParameterSource.HEADER else key


def _told(parameter: model.Parameter) -> str:
    match parameter.source:
        case model.ParameterSource.BODY:
            return "the whole body"
        case model.ParameterSource.BODY_FIELD:
            return "a field of the body"
        case model.ParameterSource.PATH:
            return "the path"
        case model.ParameterSource.HEADER:
            return f"the header `{parameter.source_name}`"
        case _:
            return f"the query as `{parameter.source_name}`"


RULE = Rule(page=PAGE, check=check)
