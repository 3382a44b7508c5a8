"""Build the model from a program without errors. Nothing is checked here: the rules did."""

from svcidl import model, nodes
from svcidl.resolve import members
from svcidl.resolve.annotations import read_annotations
from svcidl.resolve.constraints import read_constraints
from svcidl.resolve.literals import Value, evaluate
from svcidl.resolve.program import Program, Symbol, Unit, builtin, variants
from svcidl.resolve.templates import read_template


def build_model(program: Program) -> model.Model:
    """Return the model of all files of the run."""
    return ModelBuilder(program).run()


class ModelBuilder:
    """Builds declarations in an order in which each finds what it needs; types are tied to their targets at the end."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._built: dict[Symbol, model.Declaration] = {}
        self._values: dict[nodes.EnumValue, model.EnumValue] = {}
        self._open: list[tuple[model.Named, Symbol]] = []
        self._uses: list[tuple[model.Use, Symbol]] = []
        self._variants = variants(program)
        self._packages = {unit.file.source.key: unit.package for unit in program.units}

    def run(self) -> model.Model:
        """Build every package and tie what refers to what."""
        # Enums first: defaults need their values. Structs before unions, errors and events before services.
        order: list[type[nodes.Declaration]] = [
            nodes.Enum, nodes.Alias, nodes.Struct, nodes.Union, nodes.Error, nodes.Event, nodes.Service,
        ]  # fmt: skip
        by_kind: dict[type[nodes.Declaration], list[Symbol]] = {cls: [] for cls in order}
        for symbol in self.program.symbols():
            by_kind[type(symbol.node)].append(symbol)
        for cls in order:
            for symbol in by_kind[cls]:
                self._built[symbol] = self._declaration(symbol)
        for named, symbol in self._open:
            target = self._built[symbol]
            assert isinstance(target, model.Alias | model.Enum | model.Struct | model.Union)
            named.target = target
        for use, symbol in self._uses:
            service = self._built[symbol]
            assert isinstance(service, model.Service)
            use.service = service
        return model.Model(packages=tuple(self._package(unit) for unit in self.program.units))

    def _package(self, unit: Unit) -> model.Package:
        imported = [self._packages[unit.file.imports[statement]] for statement in unit.tree.imports]
        return model.Package(
            name=unit.package,
            path=unit.file.source.path,
            doc=unit.tree.doc,
            declarations=tuple(self._built[symbol] for symbol in unit.symbols.values()),
            imports=tuple(dict.fromkeys(imported)),
            requested=unit.file.requested,
            span=unit.tree.package.span,
        )

    # --- what members need too --------------------------------------------------

    def target(self, ref: nodes.Ref) -> model.Declaration:
        """Return the declaration that `ref` means; it was built before."""
        return self._built[self.program.targets[ref]]

    def use(self, node: nodes.Use) -> model.Use:
        """Return a `uses`, whose service is filled in at the end."""
        use = model.Use(name=node.name.text, doc=node.doc, span=node.name.span)
        self._uses.append((use, self.program.targets[node.service]))
        return use

    def type(self, node: nodes.TypeUse) -> model.Type:
        """Return a type with its `?`."""
        bare = self._bare_type(node)
        return model.OptionalOf(item=bare) if node.optional else bare

    def _bare_type(self, node: nodes.TypeUse) -> model.Type:
        name = builtin(node)
        if name is None:
            named = model.Named(span=node.ref.span)
            self._open.append((named, self.program.targets[node.ref]))
            return named
        limits = read_constraints(name, node)
        inner = tuple(self.type(argument) for argument in node.arguments or ())
        if name == "list":
            return model.ListOf(item=inner[0], length=limits.length)
        if name == "set":
            return model.SetOf(item=inner[0], length=limits.length)
        if name == "map":
            return model.MapOf(key=inner[0], value=inner[1], length=limits.length)
        return model.Scalar(
            primitive=model.Primitive(name),
            bounds=limits.bounds,
            length=limits.length,
            precision=limits.precision,
            scale=limits.scale,
            pattern=limits.pattern,
            format=limits.format,
        )

    def default(self, node: nodes.Field) -> tuple[bool, model.Literal | None]:
        """Return whether a field has a default, and it."""
        if node.default is None:
            return False, None
        return True, self._literal(evaluate(self.program, node.type, node.default))

    def _literal(self, value: Value) -> model.Literal:
        if isinstance(value, nodes.EnumValue):
            return self._values[value]
        if isinstance(value, tuple):
            return tuple(self._values[item] if isinstance(item, nodes.EnumValue) else item for item in value)
        if isinstance(value, dict):
            return {}
        return value

    # --- declarations -------------------------------------------------------------

    def _declaration(self, symbol: Symbol) -> model.Declaration:
        node, package = symbol.node, symbol.unit.package
        said = read_annotations(node)
        name, doc, span, deprecated = node.name.text, node.doc, node.name.span, said.deprecated
        if isinstance(node, nodes.Alias):
            return model.Alias(
                name=name, doc=doc, span=span, deprecated=deprecated, package=package, type=self.type(node.type)
            )
        kept = tuple(entry.text for reserved in node.reserved for entry in reserved.names)
        if isinstance(node, nodes.Enum):
            return model.Enum(
                name=name,
                doc=doc,
                span=span,
                deprecated=deprecated,
                package=package,
                values=tuple(self._value(value) for value in node.values),
                closed=node.closed,
                reserved=kept,
            )
        if isinstance(node, nodes.Union):
            variants = tuple(self.target(variant) for variant in node.variants)
            return model.Union(
                name=name,
                doc=doc,
                span=span,
                deprecated=deprecated,
                package=package,
                variants=tuple(variant for variant in variants if isinstance(variant, model.Struct)),
                closed=node.closed,
                reserved=kept,
            )
        if isinstance(node, nodes.Service):
            return members.build_service(self, node, package, kept)
        return self._with_fields(symbol, node, kept)

    def _with_fields(
        self, symbol: Symbol, node: nodes.Struct | nodes.Event | nodes.Error, kept: tuple[str, ...]
    ) -> model.Struct | model.Event | model.Error:
        package, said = symbol.unit.package, read_annotations(node)
        name, doc, span, deprecated = node.name.text, node.doc, node.name.span, said.deprecated
        fields = tuple(self._field(field) for field in node.fields)
        if isinstance(node, nodes.Struct):
            return model.Struct(
                name=name,
                doc=doc,
                span=span,
                deprecated=deprecated,
                package=package,
                fields=fields,
                tag=self._tag(symbol, said.tag),
                reserved=kept,
            )
        if isinstance(node, nodes.Event):
            return model.Event(
                name=name, doc=doc, span=span, deprecated=deprecated, package=package, fields=fields, reserved=kept
            )
        return model.Error(
            name=name,
            doc=doc,
            span=span,
            deprecated=deprecated,
            package=package,
            status=int(node.status.text),
            template=self._template(node, fields),
            fields=fields,
            retryable=said.retryable,
            reserved=kept,
        )

    def _tag(self, symbol: Symbol, written: str | None) -> str | None:
        return (written or symbol.name) if symbol in self._variants else None

    def _value(self, node: nodes.EnumValue) -> model.EnumValue:
        said = read_annotations(node)
        value = model.EnumValue(
            name=node.name.text,
            doc=node.doc,
            span=node.name.span,
            deprecated=said.deprecated,
            wire=node.wire.value if node.wire else node.name.text,
            renamed=said.renamed,
        )
        self._values[node] = value
        return value

    def _field(self, node: nodes.Field) -> model.Field:
        said = read_annotations(node)
        has_default, default = self.default(node)
        return model.Field(
            name=node.name.text,
            doc=node.doc,
            span=node.name.span,
            deprecated=said.deprecated,
            type=self.type(node.type),
            default=default,
            has_default=has_default,
            sensitive=said.sensitive,
            renamed=said.renamed,
        )

    def _template(self, node: nodes.Error, fields: tuple[model.Field, ...]) -> tuple[str | model.Field, ...]:
        by_name = {field.name: field for field in fields}
        pieces = read_template(node.template.value) if node.template else []
        return tuple(by_name[text] if is_field else text for is_field, text in pieces)
