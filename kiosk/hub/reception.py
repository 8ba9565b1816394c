"""The way of every request of a kiosk: who it is, whether it may, what it asks, one transaction, an answer.

No rule of HTTP frameworks is needed here: a request comes in as it travelled, and a signed reply goes out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from kiosk.hub.callers import CLOCK_SECONDS, Caller, CallerBook, Pace, admit
from kiosk.hub.database import transaction
from kiosk.hub.enrolment import enrol
from kiosk.hub.events import EventLog
from kiosk.hub.intake import NETWORK
from kiosk.hub.keys import HubKeys, KeyFile
from kiosk.hub.metrics import Metrics
from kiosk.hub.refusals import Refusal
from kiosk.hub.wire import packed, unpacked
from kiosk.sync.enrolment import BadEnrolmentError, application_from
from kiosk.sync.keys import key_id
from kiosk.sync.signing import (
    KIOSK_HEADER,
    BadSignatureError,
    Fields,
    Reply,
    Request,
    sign_reply,
    verify_request,
)

JSON = "application/json"
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Visit:
    """A kiosk that was let in, with what it brought; ends with the transaction of `session`."""

    session: Session
    caller: Caller
    keys: HubKeys
    body: bytes
    query: Mapping[str, int]
    now: float
    told: dict[str, Any]

    @property
    def now_ms(self) -> int:
        return int(self.now * 1000)

    def read(self, model: type[_Model]) -> _Model:
        """The body by this model; Refusal 400 `request.malformed`, naming the field at fault."""
        try:
            return model.model_validate_json(self.body)
        except ValidationError as error:
            place = error.errors(include_url=False, include_input=False, include_context=False)[0]["loc"]
            raise Refusal(400, "request.malformed", ".".join(str(part) for part in place)) from None


@dataclass(frozen=True, slots=True)
class Route:
    """What may be asked: `does` gives the answer; `media` is the type of its body, empty for none.

    `parameters`: whole numbers of the query, each with the least, the most, and what is taken where it is not
    given. `lock`: whether a kiosk's requests of this kind go one after another.
    """

    name: str
    does: Callable[[Visit], Mapping[str, Any]]
    media: str = JSON
    parameters: tuple[tuple[str, tuple[int, int, int]], ...] = ()
    lock: bool = True


class Reception:
    """Answers requests, from several threads at once."""

    def __init__(
        self,
        engine: Engine,
        key_file: KeyFile,
        *,
        log: EventLog,
        requests_a_minute: int = 600,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.engine = engine
        self.key_file = key_file
        self.log = log
        self.metrics = Metrics(engine)
        self._book = CallerBook(engine)
        self._pace = Pace(requests_a_minute)
        self._clock = clock

    def now(self) -> float:
        """The hub's clock, in seconds since 1970."""
        return self._clock()

    def answer(self, route: Route, request: Request, accepted: str = "") -> Reply:
        """The reply to a signed request of an enrolled kiosk."""
        return self._answered(route.name, request, accepted, lambda told: self._visited(route, request, told))

    def answer_enrolment(self, request: Request, accepted: str = "") -> Reply:
        """The reply to a request to enrol, which is signed with the key that it brings."""
        return self._answered("enrol", request, accepted, lambda told: self._enrolled(request, told))

    def refusal(self, name: str, request: Request, refusal: Refusal) -> Reply:
        """The reply to a request that could not even be read."""

        def refuse(_: dict[str, Any]) -> Mapping[str, Any]:
            raise refusal

        return self._answered(name, request, "", refuse)

    def _answered(
        self,
        name: str,
        request: Request,
        accepted: str,
        work: Callable[[dict[str, Any]], Mapping[str, Any]],
    ) -> Reply:
        started = time.perf_counter()
        told: dict[str, Any] = {}
        status, fields = 200, Fields([("content-type", JSON), ("cache-control", "no-store")])
        try:
            payload = work(told)
        except Exception as error:  # noqa: BLE001 - each request gets its answer, whatever happened
            refusal = self._as_refusal(error)
            status = refusal.status
            payload = {"code": refusal.code, "detail": refusal.detail, **refusal.facts}
            if refusal.retry_after is not None:
                fields["retry-after"] = str(refusal.retry_after)
            told["code"] = refusal.code
        body, encoding = packed(json.dumps(payload, separators=(",", ":")).encode(), accepted)
        if encoding:
            fields["content-encoding"] = encoding
        reply = Reply(status, request, fields, body)
        sign_reply(reply, self.key_file.current().signer, created=int(self._clock()))
        seconds = time.perf_counter() - started
        self.metrics.answered(name, status, seconds)
        self.log.write("request", route=name, status=status, ms=round(seconds * 1000, 1), **told)
        return reply

    def _as_refusal(self, error: Exception) -> Refusal:
        if isinstance(error, Refusal):
            return error
        if isinstance(error, BadSignatureError):
            return Refusal(401, error.code)
        if isinstance(error, BadEnrolmentError):
            return Refusal(400, error.code)
        if isinstance(error, OperationalError | InterfaceError | PoolTimeout) or (
            isinstance(error, DBAPIError) and error.connection_invalidated
        ):
            self.log.write("database", code=type(getattr(error, "orig", None) or error).__name__)
            return Refusal(503, "hub.database", retry_after=5)
        return Refusal(500, "hub.error", self.log.crash(error))

    def _visited(self, route: Route, request: Request, told: dict[str, Any]) -> Mapping[str, Any]:
        try:
            return self._visited_once(route, request, told)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # The database was started anew since this connection was last used. Should the first time have been
        # committed after all, the nonce tells.
        return self._visited_once(route, request, told)

    def _visited_once(self, route: Route, request: Request, told: dict[str, Any]) -> Mapping[str, Any]:
        caller, nonce = self._caller(request)
        told["kiosk"] = caller.name
        self._pace.take(caller.n)
        body = _checked_body(request, route.media)
        query = _query_of(request.target, route)
        now = self._clock()
        with transaction(self.engine) as session:
            if not route.lock:
                _write_soon(session)
            admit(session, caller, nonce=nonce, now=now, lock=route.lock)
            visit = Visit(session, caller, self.key_file.current(), body, query, now, told)
            answer = dict(route.does(visit))
        self.metrics.taken(told.get("items", {}), NETWORK)
        return answer

    def _caller(self, request: Request) -> tuple[Caller, bytes]:
        """Who signed the request, and its nonce; Refusal 401 `request.kiosk`, `request.clock`."""

        def public_of(key: bytes) -> bytes | None:
            known = self._book.find(key)
            return known.signing if known else None

        signed = verify_request(request, public_of)
        caller = self._book.find(signed.key)
        assert caller is not None  # noqa: S101 - its key was just found
        if request.headers.get(KIOSK_HEADER) != caller.name:
            raise Refusal(401, "request.kiosk")
        now = self._clock()
        if abs(now - signed.created) > CLOCK_SECONDS:
            raise Refusal(401, "request.clock", facts={"now": int(now * 1000)})
        return caller, signed.nonce

    def _enrolled(self, request: Request, told: dict[str, Any]) -> Mapping[str, Any]:
        body = _checked_body(request, JSON)
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise BadEnrolmentError("enrol.malformed")
        application, code, proof = application_from(found)
        signing = application.signing
        verify_request(request, lambda key: signing if key == key_id(signing) else None)
        if request.headers.get(KIOSK_HEADER) != application.kiosk:
            raise Refusal(401, "request.kiosk")
        told["kiosk"] = application.kiosk
        with transaction(self.engine) as session:
            return enrol(session, application, code, proof, self.key_file.current(), now=self._clock())


def _write_soon(session: Session) -> None:
    """What only reads need not wait for the disk: its nonce may be lost, since reading twice is harmless."""
    session.connection().exec_driver_sql("SET LOCAL synchronous_commit = off")


def _checked_body(request: Request, media: str) -> bytes:
    if not media:
        return b""
    if request.headers.get("content-type").partition(";")[0].strip().lower() != media:
        raise Refusal(415, "request.content_type")
    return unpacked(request.body, request.headers.get("content-encoding").lower())


def _query_of(target: str, route: Route) -> dict[str, int]:
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    query, known = dict(pairs), dict(route.parameters)
    if len(query) != len(pairs) or not query.keys() <= known.keys():
        raise Refusal(400, "request.query")
    return {name: _number(query.get(name), name, *bounds) for name, bounds in known.items()}


def _number(given: str | None, name: str, least: int, most: int, default: int) -> int:
    if given is None:
        return default
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= 16 else -1
    if not least <= number <= most:
        raise Refusal(400, "request.query", name)
    return number
