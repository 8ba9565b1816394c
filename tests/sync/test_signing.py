"""Signed requests and replies: taken as they were sent, refused when anything in them was changed."""

from __future__ import annotations

from copy import deepcopy

import pytest

from kiosk.sync.keys import SigningKey
from kiosk.sync.signing import (
    BadSignatureError,
    Fields,
    Reply,
    Request,
    Signed,
    sign_reply,
    sign_request,
    verify_reply,
    verify_request,
)

KIOSK, HUB, OTHER = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
NOW = 1_795_000_000
NONCE = bytes(range(16))


def a_request(*, body: bytes = b"body", signer: SigningKey = KIOSK, **fields: str) -> Request:
    headers = {"Content-Type": "application/json", "Content-Encoding": "zstd"} if body else {}
    request = Request(
        "POST" if body else "GET",
        "/v1/inbox?after=3",
        Fields([*headers.items(), ("X-Kiosk", "K1"), *fields.items()]),
        body,
    )
    sign_request(request, signer, created=NOW, nonce=NONCE)
    return request


def a_reply(request: Request) -> Reply:
    reply = Reply(200, request, Fields([("content-type", "application/json")]), b'{"items":[]}')
    assert sign_reply(reply, HUB, created=NOW)
    return reply


def public_of(key: bytes) -> bytes | None:
    return {KIOSK.id: KIOSK.public}.get(key)


def refused(request: Request) -> str:
    with pytest.raises(BadSignatureError) as error:
        verify_request(request, public_of)
    return error.value.code


def not_taken(reply: Reply) -> str:
    with pytest.raises(BadSignatureError) as error:
        verify_reply(reply, {HUB.id: HUB.public})
    return error.value.code


@pytest.mark.parametrize("body", [b"", b"body"])
def test_a_request_is_taken_as_it_was_signed(body: bytes) -> None:
    assert verify_request(a_request(body=body), public_of) == Signed(KIOSK.id, NOW, NONCE)


def test_a_proxy_may_add_fields_and_change_their_case() -> None:
    request = a_request()
    request.headers = Fields(
        [*((name.title(), value) for name, value in request.headers.items()), ("Via", "x")]
    )
    assert verify_request(request, public_of).nonce == NONCE


def test_each_request_has_a_nonce_of_its_own() -> None:
    found = set()
    for _ in range(20):
        request = Request("GET", "/v1/inbox", Fields([("x-kiosk", "K1")]))
        sign_request(request, KIOSK, created=NOW)
        found.add(verify_request(request, public_of).nonce)
    assert len(found) == 20


def test_whatever_is_changed_in_a_request_is_seen() -> None:
    good = a_request()
    changed = [
        Request("PUT", good.target, good.headers, good.body),
        Request(good.method, "/v1/status?after=3", good.headers, good.body),
        Request(good.method, "/v1/inbox?after=4", good.headers, good.body),
        Request(good.method, "/v1/inbox", good.headers, good.body),
        Request(good.method, good.target, good.headers, b"bodi"),
        Request(good.method, good.target, good.headers, b""),
    ]
    for name, value in good.headers.items():
        for other in ("", f"{value}x", value[:-1], value.replace("1", "2")):
            if other != value:
                lines = [(one, other if one == name else before) for one, before in good.headers.items()]
                changed.append(Request(good.method, good.target, Fields(lines), good.body))
    assert {refused(one) for one in changed} <= {
        "request.signature",
        "request.unknown_key",
        "request.unsigned",
    }
    assert len(changed) > 20
    assert verify_request(good, public_of).key == KIOSK.id


@pytest.mark.parametrize(
    "left_out",
    ["content-digest", "content-type", "content-encoding", "x-kiosk", "signature", "signature-input"],
)
def test_a_field_that_is_gone_is_missed(left_out: str) -> None:
    request = a_request()
    del request.headers[left_out]
    assert refused(request) in {"request.signature", "request.unsigned"}


@pytest.mark.parametrize("name", ["content-encoding", "content-type", "x-kiosk"])
def test_a_second_field_of_a_name_is_seen(name: str) -> None:
    request = a_request()
    request.headers[name] = "more"
    assert refused(request) == "request.signature"


def test_a_field_of_the_body_must_be_covered_where_it_stands() -> None:
    request = Request("POST", "/", Fields([("content-type", "a/b"), ("x-kiosk", "K1")]), b"body")
    sign_request(request, KIOSK, created=NOW)
    request.headers["content-encoding"] = "gzip"
    assert refused(request) == "request.signature"


def test_an_unknown_key_is_named_so() -> None:
    assert refused(a_request(signer=OTHER)) == "request.unknown_key"


def test_a_look_up_that_fails_says_nothing_of_the_signature() -> None:
    def gone(_: bytes) -> bytes:
        raise ConnectionError("no database")

    with pytest.raises(ConnectionError):
        verify_request(a_request(), gone)


def test_a_signature_of_another_kind_is_none() -> None:
    """A reply's signature, whose label and tag are others, does not stand for a request's."""
    request = a_request()
    for name in ("signature", "signature-input"):
        value = request.headers.get(name)
        del request.headers[name]
        request.headers[name] = value.replace("kiosk=", "hub=", 1).replace('tag="kiosk"', 'tag="hub"')
    assert refused(request) == "request.signature"


def test_a_reply_is_taken_as_it_was_signed() -> None:
    assert verify_reply(a_reply(a_request()), {HUB.id: HUB.public, OTHER.id: OTHER.public}) == HUB.id


def test_a_reply_of_another_is_not_taken() -> None:
    reply = a_reply(a_request())
    with pytest.raises(BadSignatureError, match=r"^reply\.unknown_key$"):
        verify_reply(reply, {OTHER.id: OTHER.public})
    with pytest.raises(BadSignatureError, match=r"^reply\.signature$"):
        verify_reply(reply, {HUB.id: OTHER.public})


def test_a_reply_to_another_request_is_not_taken() -> None:
    reply = a_reply(a_request())
    sent = deepcopy(reply.request)
    for name in ("signature", "signature-input", "content-digest"):
        del sent.headers[name]
    sign_request(sent, KIOSK, created=NOW)
    assert not_taken(Reply(200, sent, reply.headers, reply.body)) == "reply.signature"


def test_whatever_is_changed_in_a_reply_is_seen() -> None:
    good = a_reply(a_request())
    for place in range(len(good.body)):
        body = bytearray(good.body)
        body[place] ^= 1
        assert not_taken(Reply(200, good.request, good.headers, bytes(body))) == "reply.signature"
    assert not_taken(Reply(500, good.request, good.headers, good.body)) == "reply.signature"
    for name, value in good.headers.items():
        lines = [(one, before) for one, before in good.headers.items() if one != name]
        assert not_taken(Reply(200, good.request, Fields(lines), good.body))
        assert not_taken(Reply(200, good.request, Fields([*lines, (name, value[:-2])]), good.body))


def test_an_unsigned_request_gets_an_unsigned_reply() -> None:
    reply = Reply(401, Request("GET", "/v1/inbox"), Fields([("content-type", "application/json")]), b"{}")
    assert not sign_reply(reply, HUB, created=NOW)
    assert not_taken(reply) == "reply.unsigned"
