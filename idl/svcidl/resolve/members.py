"""Build a service and its members for the model."""

from typing import TYPE_CHECKING, TypedDict

from svcidl import model, nodes
from svcidl.resolve.annotations import Annotations, read_annotations
from svcidl.resolve.durations import read_duration
from svcidl.resolve.http import Binding, read_binding, sources
from svcidl.source import Span

if TYPE_CHECKING:
    from svcidl.resolve.build import ModelBuilder


class _Common(TypedDict):
    """What every member with a method has."""

    name: str
    doc: str
    span: Span
    deprecated: str | None
    concurrency: int | None
    auth: str | None


def build_service(
    builder: "ModelBuilder", node: nodes.Service, package: str, reserved: tuple[str, ...]
) -> model.Service:
    """Return the service that `node` declares."""
    said = read_annotations(node)
    built = tuple(
        _member(builder, member, said.auth)
        for member in node.members
        if not isinstance(member, nodes.Use | nodes.Publishes)
    )
    return model.Service(
        name=node.name.text,
        doc=node.doc,
        span=node.name.span,
        deprecated=said.deprecated,
        package=package,
        members=built,
        uses=tuple(builder.use(member) for member in node.members if isinstance(member, nodes.Use)),
        publishes=tuple(
            model.Publication(event=_event(builder, ref), doc=member.doc, span=ref.span)
            for member in node.members
            if isinstance(member, nodes.Publishes)
            for ref in member.events
        ),
        owner=said.owner,
        auth=said.auth,
        reserved=reserved,
    )


def _event(builder: "ModelBuilder", ref: nodes.Ref) -> model.Event:
    event = builder.target(ref)
    assert isinstance(event, model.Event)
    return event


def _member(
    builder: "ModelBuilder",
    node: nodes.Rpc | nodes.Oneway | nodes.Subscription | nodes.Route | nodes.Socket | nodes.Timer,
    service_auth: str | None,
) -> model.AnyMember:
    said = read_annotations(node)
    common = _Common(
        name=node.name.text,
        doc=node.doc,
        span=node.name.span,
        deprecated=said.deprecated,
        concurrency=said.concurrency,
        auth=None,
    )
    if isinstance(node, nodes.Timer):
        return _timer(node, said, common)
    if isinstance(node, nodes.Subscription):
        delivery = said.delivery or model.Delivery.POOL
        return model.Subscription(**common, event=_event(builder, node.event), delivery=delivery, retry=said.retry)
    common["auth"] = said.auth or service_auth
    binding = read_binding(builder.program, node)
    http = _http(binding)
    parameters = tuple(_parameter(builder, parameter, binding) for parameter in node.parameters)
    if isinstance(node, nodes.Oneway):
        return model.Oneway(**common, parameters=parameters, http=http, retry=said.retry)
    if isinstance(node, nodes.Rpc):
        errors = tuple(builder.target(ref) for ref in node.throws)
        return model.Rpc(
            **common,
            parameters=parameters,
            result=None if node.result is None else builder.type(node.result),
            stream=node.stream,
            throws=tuple(error for error in errors if isinstance(error, model.Error)),
            http=http,
            timeout_ms=said.timeout_ms,
            idempotent=said.idempotent,
        )
    assert http is not None
    if isinstance(node, nodes.Route):
        return model.Route(**common, http=http, parameters=parameters)
    receives, sends = builder.type(node.receives), builder.type(node.sends)
    return model.Socket(**common, http=http, receives=receives, sends=sends, parameters=parameters)


def _timer(node: nodes.Timer, said: Annotations, common: _Common) -> model.Timer:
    every = read_duration(node.every)[0] if isinstance(node.every, nodes.Duration) else None
    return model.Timer(
        **common,
        every_ms=every,
        cron=" ".join(node.cron.value.split()) if node.cron else None,
        tz=node.tz.value if node.tz else "UTC",
        per_instance=said.per_instance,
    )


def _http(binding: Binding | None) -> model.HttpBinding | None:
    if binding is None:
        return None
    body = [name for name, taken in binding.taken.items() if taken.source is model.ParameterSource.BODY]
    return model.HttpBinding(
        method=binding.method,
        path=binding.path.value,
        parts=binding.parts or (),
        status=binding.status,
        body=body[0] if body else None,
        span=binding.span_node.span,
    )


def _parameter(builder: "ModelBuilder", node: nodes.Field, binding: Binding | None) -> model.Parameter:
    said = read_annotations(node, parameter=True)
    has_default, default = builder.default(node)
    taken = sources(binding).get(node.name.text)
    return model.Parameter(
        name=node.name.text,
        doc=node.doc,
        span=node.name.span,
        deprecated=said.deprecated,
        type=builder.type(node.type),
        default=default,
        has_default=has_default,
        sensitive=said.sensitive,
        renamed=said.renamed,
        source=taken.source if taken else None,
        source_name=taken.name if taken else None,
    )
