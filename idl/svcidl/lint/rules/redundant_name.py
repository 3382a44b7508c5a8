"""A name that is given where the language gives the same one is noise that looks like meaning."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.pieces import without
from svcidl.lint.rule import Problem, Rule, replacement
from svcidl.resolve.program import Unit
from svcidl.source import SourceFile


def redundant_name(context: Context) -> Iterator[Problem]:
    """Find wire values, tags, query keys and local names that are what they would be anyway."""
    for unit in context.units:
        source = context.source(unit)
        for statement in unit.tree.imports:
            if isinstance(statement, nodes.ImportNames):
                yield from _picks(source, statement)
    for unit, node in context.declarations:
        if isinstance(node, nodes.Enum):
            for value in node.values:
                if value.wire is not None and value.wire.value == value.name.text:
                    yield _tail(context.source(unit), value.name, value.wire, "the wire value is the name anyway")
        yield from _annotations(unit, node, "tag", "the tag is the name anyway")
        for member in node.members if isinstance(node, nodes.Service) else ():
            if isinstance(member, nodes.Use) and member.renamed and member.service.parts[-1].text == member.name.text:
                yield _tail(context.source(unit), member.service, member.name, "the client is called so anyway")
    for place in context.fields:
        if place.member is not None:
            yield from _query(place.unit, place.field)


def _picks(source: SourceFile, statement: nodes.ImportNames) -> Iterator[Problem]:
    for pick in statement.picks:
        if pick.name is not pick.imported and pick.name.text == pick.imported.text:
            yield _tail(source, pick.imported, pick.name, "the name is the same without `as`")


def _tail(source: SourceFile, kept: nodes.Node, last: nodes.Node, message: str) -> Problem:
    span = source.span(kept.span.end, last.span.end)
    fixes = replacement("remove it", span, "", is_safe=True)
    return Problem(span=last.span, message=message, help=("remove it",), fixes=fixes)


def _annotations(unit: Unit, node: nodes.Declared, word: str, message: str) -> Iterator[Problem]:
    for annotation in node.annotations:
        if annotation.name.text == word and _text(annotation) == node.name.text:
            fixes = without(unit.file.source, annotation.span, "remove the annotation")
            yield Problem(span=annotation.span, message=message, help=("remove the annotation",), fixes=fixes)


def _query(unit: Unit, node: nodes.Field) -> Iterator[Problem]:
    for annotation in node.annotations:
        if annotation.name.text == "query" and _text(annotation) == node.name.text:
            span = unit.file.source.span(annotation.name.span.end, annotation.span.end)
            fixes = replacement("remove the name", span, "", is_safe=True)
            message = "the query key is the name anyway"
            yield Problem(span=annotation.span, message=message, help=("write `@query`",), fixes=fixes)


def _text(annotation: nodes.Annotation) -> str | None:
    value = annotation.arguments[0].value if annotation.arguments else None
    return value.value if isinstance(value, nodes.String) else None


RULE = Rule(
    find=redundant_name,
    page=Explanation(
        code="L0115",
        name="redundant-name",
        tags=("fixable",),
        title="A name is given that the thing has anyway.",
        meaning='`web = "web"`, `@tag("Card") struct Card`, `@query("page") page: int`, `{ Money as Money }` and `uses '
        "billing.Billing as Billing` say what holds without them. A reader looks for the difference, since "
        "there are such names only for a difference.",
        wrong=example('package shop.v1\n\nenum Channel { web = "web", store = "shop" }'),
        right=example('package shop.v1\n\nenum Channel { web, store = "shop" }'),
        remedy="Leave it out; `svcgen lint --fix` does.",
    ),
)
