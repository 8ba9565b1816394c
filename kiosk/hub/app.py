"""The HTTP face of the hub: paths, their description, figures; all that matters is behind `Reception`."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from kiosk import __version__
from kiosk.hub import documents, routes
from kiosk.hub.block_route import BLOCKS, BlockAsked
from kiosk.hub.callers import forget_nonces
from kiosk.hub.database import transaction
from kiosk.hub.description import described
from kiosk.hub.metrics import CONTENT_TYPE
from kiosk.hub.reception import JSON, Reception, Route
from kiosk.hub.refusals import Refusal
from kiosk.hub.wire import body_of
from kiosk.sync.signing import Fields, Reply, Request

_TIDY_SECONDS = 60.0
_ABOUT = "Takes sealed registrations from kiosks, and answers them with signed receipts and messages."


@dataclass(frozen=True, slots=True)
class Path:
    """A path for enrolled kiosks: what it does, and the forms of its body and its answer."""

    method: str
    path: str
    summary: str
    route: Route
    asks: type[BaseModel] | None
    gives: type[BaseModel]


PATHS: tuple[Path, ...] = (
    Path("POST", "/v1/envelopes", "take sealed records in", routes.ENVELOPES, None, documents.ItemAnswers),
    Path(
        "POST",
        "/v1/receipts",
        "tell which records are held",
        routes.RECEIPTS,
        documents.ReceiptsAsked,
        documents.ItemAnswers,
    ),
    Path(
        "POST",
        "/v1/status",
        "note how the kiosk is",
        routes.STATUS,
        documents.StatusReport,
        documents.Done,
    ),
    Path(
        "POST",
        "/v1/blocks",
        "lease card numbers",
        BLOCKS,
        BlockAsked,
        documents.InboxMessage,
    ),
    Path("GET", "/v1/inbox", "give the next messages", routes.INBOX, None, documents.InboxMessages),
)
"""What an enrolled kiosk may ask."""

_Answer = Callable[[Request, str], Reply]


def make_app(reception: Reception) -> FastAPI:
    """The application of one process."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with _tidying(reception):
            yield

    app = FastAPI(
        title="Hub of the JKN registration kiosk",
        description=_ABOUT,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for one in PATHS:
        _add(app, reception, one)
    app.add_api_route(
        "/v1/enrol",
        _endpoint(reception, "enrol", reception.answer_enrolment),
        methods=["POST"],
        name="enrol",
        summary="enrol a kiosk by a one-time code",
        response_class=Response,
        **described(media=JSON, asks=documents.EnrolAsked, gives=documents.EnrolAnswer, parameters={}),
    )
    _add_figures(app, reception)
    app.add_exception_handler(HTTPException, _no_such_path)
    return app


def _add(app: FastAPI, reception: Reception, one: Path) -> None:
    def answer(request: Request, accepted: str) -> Reply:
        return reception.answer(one.route, request, accepted)

    app.add_api_route(
        one.path,
        _endpoint(reception, one.route.name, answer),
        methods=[one.method],
        name=one.route.name,
        summary=one.summary,
        response_class=Response,
        **described(
            media=one.route.media, asks=one.asks, gives=one.gives, parameters=dict(one.route.parameters)
        ),
    )


def _endpoint(
    reception: Reception, name: str, answer: _Answer
) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(http: HttpRequest) -> Response:
        request = _as_it_travelled(http)
        try:
            request.body = await body_of(http)
        except Refusal as refusal:
            return _sent(await run_in_threadpool(reception.refusal, name, request, refusal))
        return _sent(await run_in_threadpool(answer, request, http.headers.get("accept-encoding", "")))

    return endpoint


def _as_it_travelled(http: HttpRequest) -> Request:
    path = http.scope.get("raw_path") or http.scope["path"].encode()
    query = http.scope["query_string"]
    target = (path + (b"?" + query if query else b"")).decode("latin-1")
    lines = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in http.headers.raw)
    return Request(http.method, target, Fields(lines))


def _sent(reply: Reply) -> Response:
    response = Response(reply.body, reply.status_code)
    response.raw_headers += [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()
    ]
    return response


def _add_figures(app: FastAPI, reception: Reception) -> None:
    def healthz() -> Response:
        for _ in range(2):  # the first connection may be one to a database that was started anew since
            with suppress(SQLAlchemyError), reception.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
                return JSONResponse({"status": "ok"})
        return JSONResponse({"code": "hub.database", "detail": ""}, 503)

    def metrics() -> Response:
        return Response(reception.metrics.text(), media_type=CONTENT_TYPE)

    app.add_api_route(
        "/healthz",
        healthz,
        summary="tell whether this process and its database are there",
        response_class=JSONResponse,
        responses={
            200: {"model": documents.Health},
            503: {"model": documents.Problem, "description": "the database does not answer"},
        },
    )
    app.add_api_route(
        "/metrics",
        metrics,
        summary="give the figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {CONTENT_TYPE.partition(";")[0]: {"schema": {"type": "string"}}}}},
    )


async def _no_such_path(_: HttpRequest, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    code = {404: "request.path", 405: "request.method"}.get(status, "request.refused")
    return JSONResponse({"code": code, "detail": ""}, status, headers=headers)


@contextmanager
def _tidying(reception: Reception) -> Iterator[None]:
    """Forgets old nonces once a minute, in a thread of its own."""
    stop = threading.Event()

    def tidy() -> None:
        while not stop.wait(_TIDY_SECONDS):
            with suppress(SQLAlchemyError), transaction(reception.engine) as session:
                forget_nonces(session, reception.now())

    thread = threading.Thread(target=tidy, name="tidy", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
