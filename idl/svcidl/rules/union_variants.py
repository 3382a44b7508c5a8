"""A union's variants are structs of its own file, each once, told apart by their tags in the wire field `type`."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.resolve.annotations import read_annotations
from svcidl.resolve.program import Kind, Program, Symbol


def union_variants(program: Program) -> Iterator[Diagnostic]:
    """Report wrong variants, fields that hide the tag, and equal tags."""
    blamed: set[nodes.Struct] = set()
    for symbol in program.symbols():
        if isinstance(symbol.node, nodes.Union):
            yield from _check(program, symbol, symbol.node, blamed)


def _check(program: Program, union: Symbol, node: nodes.Union, blamed: set[nodes.Struct]) -> Iterator[Diagnostic]:
    seen: dict[Symbol, nodes.Ref] = {}
    tags: dict[str, nodes.Ref] = {}
    for ref in node.variants:
        variant = program.targets.get(ref)
        if variant is None:
            continue
        if variant in seen:
            note = Note(message="first here", span=seen[variant].span)
            message, remedy = f"`{ref.text}` is a variant twice", "remove one of the two"
            yield Diagnostic(code="E0312", message=message, span=ref.span, help=(remedy,), notes=(note,))
            continue
        seen[variant] = ref
        if not isinstance(variant.node, nodes.Struct):
            article = "an" if variant.kind[0] in "aeio" else "a"
            message = f"a variant is a struct, `{ref.text}` is {article} {variant.kind}"
            help_ = (_instead(variant, ref),)
            note = Note(message="declared here", span=variant.node.name.span)
            yield Diagnostic(code="E0312", message=message, span=ref.span, help=help_, notes=(note,))
            continue
        if variant.unit is not union.unit:
            message = f"a variant is declared in the same file, `{ref.text}` is in {variant.unit.file.source.path}"
            help_ = (_wrapped(ref),)
            yield Diagnostic(code="E0312", message=message, span=ref.span, help=help_)
            continue
        if variant.node not in blamed:
            blamed.add(variant.node)
            yield from _hidden_tag(variant.node)
        tag = read_annotations(variant.node).tag or variant.name
        other = tags.setdefault(tag, ref)
        if other is not ref:
            note = Note(message="the other one", span=other.span)
            message = f"`{other.text}` and `{ref.text}` have the same tag `{tag}`"
            help_ = ('give one of them another tag: `@tag("…")`',)
            yield Diagnostic(code="E0314", message=message, span=ref.span, help=help_, notes=(note,))


def _instead(variant: Symbol, ref: nodes.Ref) -> str:
    if variant.kind is Kind.UNION:
        return f"list the variants of `{ref.text}` here: a union holds no other union"
    return _wrapped(ref)


def _wrapped(ref: nodes.Ref) -> str:
    name = ref.parts[-1].text
    return f"put it into a struct of this file: `struct {name}Value {{ value: {ref.text} }}`"


def _hidden_tag(node: nodes.Struct) -> Iterator[Diagnostic]:
    for field in node.fields:
        if field.name.text == "type" or read_annotations(field).renamed == "type":
            message = f"`{node.name.text}` is a variant: its wire field `type` carries the tag"
            help_ = ("choose another name, `kind` for example",)
            yield Diagnostic(code="E0313", message=message, span=field.name.span, help=help_)
