"""The API's document: it tells of everything, and whatever is made up from it, the hub never fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kiosk.hub.app import PATHS
from kiosk.hub.keys import KeyFile
from kiosk.hub.routes import ENVELOPES_MEDIA
from kiosk.sync import envelope
from kiosk.sync.signing import Fields, Request, sign_request
from tests.hub import postgres
from tests.hub.kiosk import KioskAtHub
from tests.hub.running import RunningHub, a_hub

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MADE_BY_CLIENT = {"signature", "signature-input", "content-digest", "content-encoding", "x-kiosk"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub for all examples of this module."""
    folder: Path = tmp_path_factory.mktemp("hub")
    with a_hub(postgres.emptied(), KeyFile(folder / "hub.keys")) as found:
        yield found


@pytest.fixture(scope="module")
def kiosk(served: RunningHub) -> KioskAtHub:
    return served.kiosk()


@pytest.fixture(scope="module")
def api(served: RunningHub) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{served.url}/openapi.json")


class Signing(requests.auth.AuthBase):
    """Signs whatever was made up, as an enrolled kiosk does."""

    def __init__(self, kiosk: KioskAtHub) -> None:
        self._kiosk = kiosk

    def __call__(self, made: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urlsplit(made.url or "")
        body: str | bytes = made.body or b""  # type: ignore[assignment]  # nothing here is a stream
        lines = [(name, str(value)) for name, value in made.headers.items()]
        request = Request(
            made.method or "",
            str(parts.path) + (f"?{parts.query}" if parts.query else ""),
            Fields([(name, value) for name, value in lines if name.lower() not in MADE_BY_CLIENT]),
            body.encode() if isinstance(body, str) else bytes(body),
        )
        request.headers["x-kiosk"] = self._kiosk.name
        if request.body and "content-type" not in request.headers:
            request.headers["content-type"] = "application/json"
        sign_request(request, self._kiosk.signer, created=int(time.time()))
        made.headers.clear()
        made.headers.update(dict(request.headers.items()))
        return made


_BATCHES = st.lists(st.binary(max_size=60), max_size=4).map(envelope.joined)
schemathesis.openapi.media_type(ENVELOPES_MEDIA, st.one_of(st.binary(max_size=60), _BATCHES))
few = settings(
    max_examples=15,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
FOR_KIOSKS = [(one.method, one.path) for one in PATHS]
FOR_ALL = [*FOR_KIOSKS, ("POST", "/v1/enrol"), ("GET", "/healthz"), ("GET", "/metrics")]


def statuses(
    api: schemathesis.BaseSchema, method: str, path: str, mode: GenerationMode, kiosk: KioskAtHub | None
) -> set[int]:
    """With what the hub answers examples; each answer is checked against the document."""
    found = set()

    @few
    @given(case=api[path][method].as_strategy(generation_mode=mode))
    def examples(case: schemathesis.Case[Any]) -> None:
        response = case.call_and_validate(checks=CHECKS, auth=Signing(kiosk) if kiosk else None)
        found.add(response.status_code)

    examples()
    return found


@pytest.mark.parametrize(("method", "path"), FOR_ALL)
def test_nothing_that_is_made_up_makes_the_hub_fail(
    api: schemathesis.BaseSchema, method: str, path: str
) -> None:
    found = statuses(api, method, path, GenerationMode.POSITIVE, None)
    assert found <= ({400, 401, 403, 413, 415} if path.startswith("/v1/") else {200})


@pytest.mark.parametrize(("method", "path"), FOR_KIOSKS)
def test_what_fits_and_is_signed_is_done(
    api: schemathesis.BaseSchema, kiosk: KioskAtHub, method: str, path: str
) -> None:
    assert 200 in statuses(api, method, path, GenerationMode.POSITIVE, kiosk)


@pytest.mark.parametrize(("method", "path"), FOR_KIOSKS)
def test_what_does_not_fit_is_refused_although_it_is_signed(
    api: schemathesis.BaseSchema, kiosk: KioskAtHub, method: str, path: str
) -> None:
    found = statuses(api, method, path, GenerationMode.NEGATIVE, kiosk)
    assert found <= {200, 400, 401, 404, 405, 409, 413, 415}


def test_every_path_is_described(served: RunningHub) -> None:
    found = requests.get(f"{served.url}/openapi.json", timeout=10).json()
    assert set(found["paths"]) == {*(one.path for one in PATHS), "/v1/enrol", "/healthz", "/metrics"}
    for path, methods in found["paths"].items():
        for told in methods.values():
            assert told["summary"]
            if path.startswith("/v1/"):
                assert {"200", "400", "401", "403", "409", "413", "415", "429", "500", "503"} <= set(
                    told["responses"]
                )
                assert {"Signature", "Signature-Input", "X-Kiosk"} <= {
                    one["name"] for one in told["parameters"]
                }
