"""Names that differ only in case or underscores are taken for each other, reserved ones included."""

from collections.abc import Iterable, Iterator

from svcidl import nodes
from svcidl.diagnostics import Note
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve import walk


def confusable_names(context: Context) -> Iterator[Problem]:
    """Find two names of one body or parameter list that read as one."""
    for unit in context.units:
        yield from _confusable((node.name for node in unit.tree.declarations), ())
    for _, node in context.declarations:
        kept = () if isinstance(node, nodes.Alias) else [name for entry in node.reserved for name in entry.names]
        yield from _confusable(_names(node), kept)
        if isinstance(node, nodes.Service):
            for member in node.members:
                yield from _confusable((parameter.name for parameter in walk.parameters(member)), ())


def _names(node: nodes.Declaration) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Enum):
        yield from (value.name for value in node.values)
    elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
        yield from (field.name for field in node.fields)
    elif isinstance(node, nodes.Service):
        yield from (member.name for member in node.members if isinstance(member, nodes.Declared))


def _confusable(names: Iterable[nodes.Name], kept: Iterable[nodes.Name]) -> Iterator[Problem]:
    seen = {_key(name): (name, "reserved here") for name in kept}
    for name in names:
        other, note = seen.setdefault(_key(name), (name, "the other one"))
        if other.text != name.text:
            message = f"`{name.text}` and `{other.text}` differ only in case or underscores"
            help_ = ("give one of the two a name that says the difference",)
            yield Problem(span=name.span, message=message, help=help_, notes=(Note(message=note, span=other.span),))


def _key(name: nodes.Name) -> str:
    return name.text.replace("_", "").lower()


RULE = Rule(
    find=confusable_names,
    page=Explanation(
        code="L0110",
        name="confusable-names",
        title="Two names differ only in case or underscores.",
        meaning="`user_id` and `userid` are two fields to the wire and one to a reader. The same holds for a reserved "
        "name that comes back in another spelling: what was removed is not known to be gone.",
        wrong=example("package shop.v1\n\nstruct Order { order_id: uuid, orderid: uuid }"),
        right=example("package shop.v1\n\nstruct Order { order_id: uuid, parent_id: uuid }"),
        remedy="Rename one of the two.",
    ),
)
