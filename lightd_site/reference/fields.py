"""The fields of a JSON schema, those within others by their path: `limits.memory`, `ports[].ip`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_FORMATS = {"uuid": "UUID", "ipv4": "IPv4", "ipv6": "IPv6", "binary": "file"}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "matches `{}`",
}


@dataclass(frozen=True)
class Field:
    """One field; `help` and `limits` are sentences and phrases with `code` in backticks."""

    name: str
    type: str
    required: bool
    help: str
    limits: tuple[str, ...]
    choices: tuple[str, ...]


class Schemas:
    """The schemas of one OpenAPI document, which refer to each other by name."""

    def __init__(self, named: dict[str, Schema]) -> None:
        self._named = named

    def fields(self, schema: Schema, path: str = "") -> Iterator[Field]:
        """Every field, each followed by those within it."""
        whole = self.resolve(schema)
        for step, inner in (("[]", whole.get("items")), (".*", whole.get("additionalProperties"))):
            if isinstance(inner, dict):
                yield from self.fields(inner, path + step)
        for name, each in whole.get("properties", {}).items():
            below = f"{path}.{name}" if path else name
            yield self.field(below, each, required=name in whole.get("required", ()))
            yield from self.fields(each, below)

    def field(self, name: str, schema: Schema, *, required: bool) -> Field:
        whole = self.resolve(schema)
        return Field(
            name=name,
            type=self.type_of(whole),
            required=required,
            help=whole.get("description", ""),
            limits=tuple(_limits(whole)),
            choices=tuple(str(choice) for choice in self._innermost(whole).get("enum", ())),
        )

    def type_of(self, schema: Schema) -> str:
        """In words: `list of strings`, `integer or null`."""
        whole = self.resolve(schema)
        return f"{self._kind_of(whole)} or null" if whole.get("nullable") else self._kind_of(whole)

    def resolve(self, schema: Schema) -> Schema:
        """The schema with those in it that it refers to. What stands beside a reference counts more."""
        whole: Schema = {}
        for each in (schema, *schema.get("allOf", ())):
            if "$ref" in each:
                referred = self.resolve(self._named[each["$ref"].rpartition("/")[2]])
                # What a named schema says is about its class in our code.
                whole |= {key: value for key, value in referred.items() if key != "description"}
        return whole | {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}

    def _kind_of(self, whole: Schema) -> str:
        if "items" in whole:
            return f"list of {_several(self.type_of(whole['items']))}"
        if values := whole.get("additionalProperties"):
            return f"object of {_several(self.type_of(values))}" if isinstance(values, dict) else "object"
        if "oneOf" in whole:
            return " or ".join(self.type_of(each) for each in whole["oneOf"])
        return _FORMATS.get(whole.get("format", "")) or whole.get("type", "value")

    def _innermost(self, whole: Schema) -> Schema:
        """Of a list, what is in it."""
        return self._innermost(self.resolve(whole["items"])) if "items" in whole else whole


def _several(kind: str) -> str:
    """`lists of strings`, `integers or null`."""
    head, space, rest = kind.partition(" ")
    return f"{head}s{space}{rest}"


def _limits(whole: Schema) -> Iterator[str]:
    for keyword, phrase in _LIMITS.items():
        if keyword in whole:
            yield phrase.format(whole[keyword])
    if "default" in whole:
        yield f"`{json.dumps(whole['default'])}` unless given"
