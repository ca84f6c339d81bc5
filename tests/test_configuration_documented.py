"""docs/configuration.md has every environment variable that the settings read, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read_by_settings() -> set[str]:
    """The first argument of every call of `env`."""
    names = set()
    for node in nodes_of_settings():
        match node:
            case ast.Call(func=ast.Name(id="env") | ast.Attribute(value=ast.Name(id="env")), args=arguments):
                names.add(ast.literal_eval(arguments[0]))
    return names


def nodes_of_settings() -> Iterator[ast.AST]:
    return ast.walk(ast.parse((ROOT / "lightd_site/settings.py").read_text()))


def documented() -> set[str]:
    """The first column of the table."""
    return set(re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE))


def test_every_variable_is_in_the_table() -> None:
    assert read_by_settings() - documented() == set()


def test_the_table_has_no_variable_that_is_not_read() -> None:
    assert documented() - read_by_settings() == set()


def test_settings_read_the_environment_through_env_alone() -> None:
    of_os = [
        node for node in nodes_of_settings() if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os"
    ]

    assert not {node.attr for node in of_os} & {"environ", "getenv"}
