"""Two models side by side, paired once: what the rules walk."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from svcidl import model
from svcidl.compat.directions import Direction, Reach, Reached, parameter_reach, parameters, roots
from svcidl.compat.matching import Matched, match
from svcidl.compat.spelling import shape, spell, spell_field, spell_member
from svcidl.compat.types import Difference, differences
from svcidl.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The fields of a struct, an event or an error, or the parameters of a member.

    Attributes:
        old, new: whose fields they are.
        name: how a message calls the owner.
        noun: `field` or `parameter`.
        reach: the ways they travelled before and travel now.
        fields: what became of each.
    """

    old: model.Declared
    new: model.Declared
    name: str
    noun: str
    reach: Reach
    fields: Matched[model.Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enums:
    """An enum and its successor."""

    old: model.Enum
    new: model.Enum
    reach: Reach
    values: Matched[model.EnumValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unions:
    """A union and its successor."""

    old: model.Union
    new: model.Union
    reach: Reach
    variants: Matched[model.Struct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """One use of a type before and now: of a field, an alias, a result, what a socket carries.

    Attributes:
        thing: what it is the type of.
        name: how a message calls that.
        old_line: as it was written.
    """

    thing: tuple[object, str]
    name: str
    old_line: str
    old_span: Span
    new_span: Span
    reach: Reach
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """A member of a service and its successor, of the same kind or of another one."""

    service: str
    old: model.AnyMember
    new: model.AnyMember

    @property
    def name(self) -> str:
        """How a message calls the member: by its present name."""
        return f"{self.service}.{self.new.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """A service and its successor."""

    old: model.Service
    new: model.Service
    members: Matched[model.AnyMember]


class Comparison:
    """Everything of an old model and what became of it. What only one of them has came or went."""

    def __init__(self, old: model.Model, new: model.Model) -> None:
        self.new = new
        self.packages = match(
            old.packages,
            new.packages,
            key=lambda package: package.name,
            shape=lambda package: tuple(sorted(each.name for each in package.declarations)) or None,
        )
        matched = {pair: _declarations(*pair) for pair in self.packages.kept}
        moved = self._moved(tuple(matched.values()))
        of_kept = {gone for each in matched.values() for gone in each.removed}
        self.declarations: Matched[model.Declaration] = Matched(
            kept=(*(pair for each in matched.values() for pair in each.kept), *moved.items()),
            # What was in a package that is gone is told with the package.
            guessed=(
                *(pair for each in matched.values() for pair in each.guessed),
                *(pair for pair in moved.items() if pair[0] in of_kept),
            ),
            removed=tuple(gone for each in matched.values() for gone in each.removed if gone not in moved),
        )
        self.homes = {gone: new for (_, new), each in matched.items() for gone in each.removed}
        """The package of every removed declaration, as it is now."""
        self.successors = dict(self.declarations.kept)

    def _moved(self, matched: tuple[Matched[model.Declaration], ...]) -> dict[model.Declaration, model.Declaration]:
        """Return what left its package for another one under its name: types do not travel by their packages."""
        gone = [each for package in matched for each in package.removed]
        come = [each for package in matched for each in package.added]
        gone += [each for package in self.packages.removed for each in package.declarations]
        come += [each for package in self.packages.added for each in package.declarations]
        return dict(
            match(gone, come, key=lambda each: each.full_name, shape=lambda each: (each.name, shape(each))).guessed
        )

    @cached_property
    def services(self) -> tuple[Services, ...]:
        """Services that were kept."""
        return tuple(
            Services(old=old, new=new, members=self._members(old, new))
            for old, new in self.declarations.kept
            if isinstance(old, model.Service) and isinstance(new, model.Service)
        )

    def _members(self, old: model.Service, new: model.Service) -> Matched[model.AnyMember]:
        return match(old.members, new.members, key=lambda member: member.name, shape=self._member_shape)

    def _member_shape(self, member: model.AnyMember) -> object:
        if isinstance(member, model.Subscription):
            # That of a renamed event is still the same subscription.
            return (model.Subscription, self.successors.get(member.event, member.event))
        if isinstance(member, model.Timer):
            return (model.Timer, member.every_ms, member.cron, member.tz)
        http = None if member.http is None else (member.http.method, member.http.path)
        takes = tuple(spell_field(each) for each in member.parameters)
        gives = spell(member.result) if isinstance(member, model.Rpc) and member.result is not None else None
        # Two methods that take and give nothing have nothing in common.
        return (type(member), http, takes, gives) if takes or gives or http else None

    @cached_property
    def members(self) -> tuple[Members, ...]:
        """Members that were kept, renamed ones included."""
        return tuple(
            Members(service=each.new.name, old=old, new=new) for each in self.services for old, new in each.members.kept
        )

    @cached_property
    def _reached(self) -> tuple[Reached, Reached]:
        before, after = Reached(), Reached()
        for pair in self.members:
            if type(pair.old) is type(pair.new):
                for side, member in ((before, pair.old), (after, pair.new)):
                    for start, reach in roots(member):
                        side.add(start, reach)
        for old, new in self.declarations.kept:
            if isinstance(old, model.Event):
                before.add(old, frozenset((Direction.STORED,)))
                after.add(new, frozenset((Direction.STORED,)))
        return before, after

    def reached_before(self, declaration: model.Declaration) -> Reach:
        """Return the ways of an old declaration, as far as members and events go that are still there."""
        return self._reached[0].of(declaration)

    def reach(self, old: model.Declaration, new: model.Declaration) -> Reach:
        """Return the ways that a declaration had and has: on one that is new, nothing old can be read or written."""
        return self._reached[0].of(old) & self._reached[1].of(new)

    @cached_property
    def fields(self) -> tuple[Fields, ...]:
        """Everything with fields that were kept and that something reaches."""
        return tuple(each for each in (*self._structures(), *self._parameters()) if each.reach)

    def _structures(self) -> Iterator[Fields]:
        for old, new in self.declarations.kept:
            for kind in (model.Struct, model.Event, model.Error):
                if isinstance(old, kind) and isinstance(new, kind):
                    fields = _fields(old.fields, new.fields, new.reserved)
                    reach = self.reach(old, new)
                    yield Fields(old=old, new=new, name=new.name, noun="field", reach=reach, fields=fields)

    def _parameters(self) -> Iterator[Fields]:
        for pair in self.members:
            if type(pair.old) is type(pair.new):
                reach = parameter_reach(pair.old) & parameter_reach(pair.new)
                fields = _fields(parameters(pair.old), parameters(pair.new))
                yield Fields(old=pair.old, new=pair.new, name=pair.name, noun="parameter", reach=reach, fields=fields)

    @cached_property
    def enums(self) -> tuple[Enums, ...]:
        """Enums that were kept and that something reaches."""
        return tuple(
            Enums(old=old, new=new, reach=self.reach(old, new), values=_values(old, new))
            for old, new in self.declarations.kept
            if isinstance(old, model.Enum) and isinstance(new, model.Enum) and self.reach(old, new)
        )

    @cached_property
    def unions(self) -> tuple[Unions, ...]:
        """Unions that were kept and that something reaches."""
        return tuple(
            Unions(old=old, new=new, reach=self.reach(old, new), variants=self._variants(old, new))
            for old, new in self.declarations.kept
            if isinstance(old, model.Union) and isinstance(new, model.Union) and self.reach(old, new)
        )

    def _variants(self, old: model.Union, new: model.Union) -> Matched[model.Struct]:
        successors = {struct: self.successors.get(struct, struct) for struct in old.variants}
        return match(old.variants, new.variants, key=lambda struct: successors.get(struct, struct))

    @cached_property
    def types(self) -> tuple[Types, ...]:
        """Every use of a type that differs and that something reaches."""
        used = (*self._field_types(), *self._alias_types(), *self._member_types())
        return tuple(each for each in used if each.reach and each.differences)

    def _field_types(self) -> Iterator[Types]:
        for owner in self.fields:
            for old, new in owner.fields.kept:
                yield Types(
                    thing=(new, ""),
                    name=f"`{owner.name}.{new.name}`",
                    old_line=spell_field(old),
                    old_span=old.span,
                    new_span=new.span,
                    reach=owner.reach,
                    differences=tuple(differences(old.type, new.type, self.successors)),
                )

    def _alias_types(self) -> Iterator[Types]:
        for old, new in self.declarations.kept:
            if isinstance(old, model.Alias) and isinstance(new, model.Alias):
                line = f"alias {old.name} = {spell(old.type)}"
                yield self._type(
                    (new, ""), f"`{new.name}`", line, (old, new), (old.type, new.type), self.reach(old, new)
                )

    def _member_types(self) -> Iterator[Types]:
        for pair in self.members:
            old, new, line = pair.old, pair.new, spell_member(pair.old)
            if isinstance(old, model.Rpc) and isinstance(new, model.Rpc):
                if old.result is not None and new.result is not None:
                    used, way = (old.result, new.result), frozenset((Direction.RESPONSE,))
                    yield self._type((new, "result"), f"the result of `{pair.name}`", line, (old, new), used, way)
            elif isinstance(old, model.Socket) and isinstance(new, model.Socket):
                used, way = (old.receives, new.receives), frozenset((Direction.REQUEST,))
                yield self._type((new, "receives"), f"what `{pair.name}` receives", line, (old, new), used, way)
                used, way = (old.sends, new.sends), frozenset((Direction.RESPONSE,))
                yield self._type((new, "sends"), f"what `{pair.name}` sends", line, (old, new), used, way)

    def _type(
        self,
        thing: tuple[object, str],
        name: str,
        line: str,
        declared: tuple[model.Declared, model.Declared],
        used: tuple[model.Type, model.Type],
        reach: Reach,
    ) -> Types:
        return Types(
            thing=thing,
            name=name,
            old_line=line,
            old_span=declared[0].span,
            new_span=declared[1].span,
            reach=reach,
            differences=tuple(differences(*used, self.successors)),
        )


def _declarations(old: model.Package, new: model.Package) -> Matched[model.Declaration]:
    return match(old.declarations, new.declarations, key=lambda declaration: declaration.name, shape=shape)


def _fields(
    old: tuple[model.Field, ...], new: tuple[model.Field, ...], reserved: tuple[str, ...] = ()
) -> Matched[model.Field]:
    def form(field: model.Field) -> str | None:
        # Whoever reserves a name says that what came is another thing.
        return None if field.name in reserved else spell_field(field).rpartition(f"{field.name}:")[2]

    return match(old, new, key=lambda field: field.name, former=lambda field: field.renamed, shape=form)


def _values(old: model.Enum, new: model.Enum) -> Matched[model.EnumValue]:
    def former(value: model.EnumValue) -> str | None:
        # `@renamed` names what travelled, which need not be the value's name.
        return next((each.name for each in old.values if each.wire == value.renamed), None)

    found = match(old.values, new.values, key=lambda value: value.name, former=former, shape=lambda value: value.wire)
    if len(found.removed) == len(found.added) == 1:
        (gone,), (come,) = found.removed, found.added
        if gone.name not in new.reserved and old.values.index(gone) == new.values.index(come):
            # One went, and one came in its place: it is taken for the same one.
            renamed = ((gone, come),)
            return replace(
                found, kept=(*found.kept, *renamed), guessed=(*found.guessed, *renamed), removed=(), added=()
            )
    return found


def reserved(declared: model.Declared) -> tuple[str, ...]:
    """Return the names that a declaration keeps from coming back; parameters cannot be reserved."""
    match declared:
        case model.Struct() | model.Event() | model.Error() | model.Enum() | model.Union():
            return declared.reserved
        case _:
            return ()
