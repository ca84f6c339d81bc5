"""Requests made from our own OpenAPI description: no server error, and no status that it does not name."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckContext
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response

from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine

EXAMPLES = 8  # of each route


@pytest.fixture(scope="module")
def probed(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    """A server of its own, for whatever the requests leave in it; they come as fast as they are answered."""
    with serving(Lightd(tmp_path_factory.mktemp("probed"), engine, {"LIGHTD_TOKEN_RATE": "0"})) as lightd:
        yield lightd


@pytest.fixture(scope="module")
def container(probed: Lightd) -> str:
    return probed.create(startup_command="exec sleep infinity")


def description() -> Any:
    """What /docs/openapi.json serves."""
    made = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(OpenApiJsonRenderer().render(made, renderer_context={}))


schema = schemathesis.openapi.from_dict(description())


def no_server_error(context: CheckContext, response: Response, case: schemathesis.Case[Any]) -> None:
    """503 is described where it can happen; no other status of the server's is an answer."""
    if response.status_code >= 500 and response.status_code != 503:
        raise Failure(operation=case.operation.label, title="Server error", message=response.text)


CHECKS = [
    no_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


def test_the_description_is_the_one_that_is_served(probed: Lightd) -> None:
    assert probed.http.get("/docs/openapi.json").json()["paths"] == description()["paths"]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: schemathesis.Case[Any], probed: Lightd, container: str) -> None:
    """Asked as it was made up, and again of a container that exists."""
    ask = partial(case.call_and_validate, base_url=probed.url, checks=CHECKS, headers=dict(probed.http.headers))
    ask(timeout=30)
    if "internal_id" in case.path_parameters and case.operation.label != "DELETE /containers/{internal_id}":
        case.path_parameters["internal_id"] = container
        ask(timeout=30)
