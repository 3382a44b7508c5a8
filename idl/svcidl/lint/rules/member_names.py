"""Members of a service become Python methods: snake_case."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.words import SNAKE, snake


def member_names(context: Context) -> Iterator[Problem]:
    """Find members that are not written as `place_order`."""
    for served in context.own_members:
        member = served.member
        if isinstance(member, nodes.Publishes) or (isinstance(member, nodes.Use) and not member.renamed):
            continue
        name = member.name.text
        if not SNAKE.fullmatch(name.removesuffix("_")):
            message = f"member `{name}` of `{served.service.name.text}` is not in snake_case"
            yield Problem(span=member.name.span, message=message, help=(f"call it `{snake(name)}`",))


RULE = Rule(
    find=member_names,
    page=Explanation(
        code="L0107",
        name="member-name",
        title="A member of a service is not named in snake_case.",
        meaning="Every member is a method of the stub, and of the client where it can be called. Python's methods are "
        "in snake_case, and so is all code around them.",
        wrong=example("package shop.v1\n\nservice Orders {\n  @idempotent\n  rpc findOrder(id: uuid) -> str\n}"),
        right=example("package shop.v1\n\nservice Orders {\n  @idempotent\n  rpc find_order(id: uuid) -> str\n}"),
        remedy="Rename it. Callers know it by its name: where the contract is in use, suppress the finding instead.",
    ),
)
