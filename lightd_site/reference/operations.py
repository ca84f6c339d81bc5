"""An OpenAPI document as a page shows it: every route by its subject, with all that goes in and comes out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from accounts.permissions import ADMINISTRATORS_ONLY, OF_A_CONTAINER, Permission
from lightd_site.reference.calls import JSON, Body, Call, curl
from lightd_site.reference.fields import Field, Schemas
from rules.openapi import PERMISSION

Described = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_ERROR = "#/components/schemas/Error"


@dataclass(frozen=True)
class Parameter:
    """A part of the address, or a header. `place` is `path`, `query` or `header`."""

    place: str
    field: Field


@dataclass(frozen=True)
class Answer:
    """An answer that is no error. `shape` says in words what has no fields."""

    status: int
    meaning: str
    shape: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True)
class Failure:
    """An error; `sentence` is an example of what it says."""

    status: int
    meaning: str
    sentence: str


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    who: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    failures: tuple[Failure, ...]
    call: Call


@dataclass(frozen=True)
class Section:
    """The operations on one subject."""

    tag: str
    meaning: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Reference:
    sections: tuple[Section, ...]
    failures: tuple[Failure, ...]


def reference_of(document: Described) -> Reference:
    """All that the document describes."""
    schemas = Schemas(document["components"]["schemas"])
    meanings = {tag["name"]: tag["description"] for tag in document["tags"]}
    by_tag: dict[str, list[Operation]] = {tag: [] for tag in meanings}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if described := methods.get(method):
                by_tag[described["tags"][0]].append(_operation(schemas, method.upper(), path, described))
    sections = tuple(Section(tag, meanings[tag], tuple(operations)) for tag, operations in by_tag.items())
    return Reference(sections, _every_failure(sections))


def _every_failure(sections: tuple[Section, ...]) -> tuple[Failure, ...]:
    """One for each status."""
    every = [failure for section in sections for operation in section.operations for failure in operation.failures]
    return tuple({failure.status: failure for failure in sorted(every, key=lambda each: each.status)}.values())


def _operation(schemas: Schemas, method: str, path: str, described: Described) -> Operation:
    parameters = tuple(_parameter(schemas, each) for each in described.get("parameters", ()))
    body = _body(schemas, described)
    required = [each.field.name for each in parameters if each.place == "query" and each.field.required]
    return Operation(
        id=described["operationId"],
        method=method,
        path=path,
        summary=described["summary"],
        paragraphs=tuple(" ".join(text.split()) for text in described.get("description", "").split("\n\n") if text),
        who=_who(described),
        parameters=parameters,
        body=body,
        answers=tuple(_answers(schemas, described["responses"])),
        failures=tuple(_failures(described["responses"])),
        call=curl(method, path, required, body, secured="security" in described),
    )


def _who(described: Described) -> str:
    """Who may call it, in a sentence."""
    if "security" not in described:
        return "Everyone, without a token."
    if PERMISSION not in described:
        return "Everyone with a token."
    permission = Permission(described[PERMISSION])
    if permission in OF_A_CONTAINER:
        return f"Whoever has `{permission}`: the owner, administrators, and whom it was granted."
    if permission in ADMINISTRATORS_ONLY:
        return f"Administrators. A token with scopes needs `{permission}`."
    return f"Everyone. A token with scopes needs `{permission}`; one that is limited to containers may not."


def _parameter(schemas: Schemas, described: Described) -> Parameter:
    schema = {**described["schema"], "description": described.get("description", "")}
    return Parameter(
        described["in"], schemas.field(described["name"], schema, required=described.get("required", False))
    )


def _body(schemas: Schemas, described: Described) -> Body | None:
    if "requestBody" not in described:
        return None
    content = described["requestBody"]["content"]
    return Body(tuple(content), tuple(schemas.fields(_first(content)["schema"])), _example(_first(content)))


def _answers(schemas: Schemas, responses: Described) -> Iterator[Answer]:
    for status, response in responses.items():
        content = response["content"]
        schema = _first(content)["schema"]
        if schema.get("$ref") == _ERROR:
            continue
        fields = tuple(schemas.fields(schema))
        example = _example(_first(content))
        yield Answer(
            status=int(status),
            meaning=response["description"] or HTTPStatus(int(status)).phrase,
            shape="" if fields else _shape(schemas.type_of(schema), next(iter(content))),
            fields=fields,
            example="" if example is None else json.dumps(example, ensure_ascii=False, indent=2),
        )


def _shape(kind: str, media_type: str) -> str:
    return kind if media_type == JSON else f"{kind}, as {media_type}"


def _failures(responses: Described) -> Iterator[Failure]:
    for status, response in responses.items():
        content = _first(response["content"])
        if content["schema"].get("$ref") == _ERROR:
            yield Failure(int(status), response["description"], _example(content)["error"])


def _first(content: Described) -> Described:
    """As the first media type has it; the others are the same in other words."""
    first: Described = next(iter(content.values()))
    return first


def _example(content: Described) -> Any:
    for example in content.get("examples", {}).values():
        return example["value"]
    return None
