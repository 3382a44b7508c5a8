"""B0153: A member is served under another path."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison, Members
from svcidl.compat.directions import binding, parameters
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_http, spell_member

PAGE = page(
    code="B0153",
    name="http-path-changed",
    tags=(Category.ROUTE,),
    title="The path changed.",
    meaning=(
        "Requests of old HTTP clients are answered with 404. The names of path parameters do not matter, nor "
        "where they stand in the list of parameters."
    ),
    before="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}"
}
""",
    wrong="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/order/{id}"
}
""",
    right="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}"
  rpc fetch(id: int) -> str
    http GET "/order/{id}"
}
""",
    remedy="Keep the path; add a second member for the new one.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        before, after = binding(pair.old), binding(pair.new)
        if before is not None and after is not None and _form(before, pair.old, pair) != _form(after, pair.new, pair):
            yield Finding(
                category=Category.ROUTE,
                thing=(pair.new, "http"),
                message=f"`{pair.name}` is served at `{after.path}` instead of `{before.path}`",
                breaks="requests of old HTTP clients find nothing",
                remedy="keep the path, or add a second member",
                span=after.span,
                old_line=f"{spell_member(pair.old)} http {spell_http(before)}",
                old_span=before.span,
            )


def _form(http: model.HttpBinding, member: model.AnyMember, pair: Members) -> list[tuple[str, str | None, str]]:
    """Return a path with the parameters as the new version calls them; those that only one version has have no name."""
    kept = [(old, new) for old in parameters(pair.old) for new in parameters(pair.new) if _is_same(old, new)]
    names = {(old if member is pair.old else new).name: new.name for old, new in kept}
    return [
        (part.prefix, None if part.parameter is None else names.get(part.parameter, "*"), part.suffix)
        for part in http.parts
    ]


def _is_same(old: model.Parameter, new: model.Parameter) -> bool:
    return old.name in (new.name, new.renamed)


RULE = Rule(page=PAGE, check=check)
