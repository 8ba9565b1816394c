"""Signed requests of a kiosk and signed replies of the hub: RFC 9421 with Ed25519, one profile for both ends.

A request covers its method, path, query, `x-kiosk`, and where it has a body its digest, type and encoding.
A reply covers its status, digest, type and encoding, and the signature of the request that it answers, so
that it is taken for no other one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from kiosk.errors import KioskError
from kiosk.sync.keys import KEY_ID_BYTES, SigningKey, can_verify

KIOSK_HEADER = "x-kiosk"
NONCE_BYTES = 16
_REQUEST, _REPLY = "kiosk", "hub"
"""The labels, and the tags, of both kinds of signatures."""

_BOUND = f'"signature";req;key="{_REQUEST}"'


class BadSignatureError(KioskError):
    """A message whose signature does not hold.

    `request.unsigned` and `reply.unsigned`: there is none, or one that covers too little. `request.signature`
    and `reply.signature`: something was changed. `request.unknown_key` and `reply.unknown_key`: nobody here
    knows the key.
    """


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request's signature says of it, beside that nothing was changed."""

    key: bytes
    created: int
    nonce: bytes


class Fields:
    """The header fields of a message: names in any case, each as often as it was sent."""

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self.lines = [(name.lower(), value) for name, value in lines]

    def items(self) -> Iterable[tuple[str, str]]:
        return self.lines

    def __iter__(self) -> Any:
        return iter([name for name, _ in self.lines])

    def __contains__(self, name: str) -> bool:
        return any(one == name.lower() for one, _ in self.lines)

    def __setitem__(self, name: str, value: str) -> None:
        self.lines.append((name.lower(), value))

    def __delitem__(self, name: str) -> None:
        self.lines = [line for line in self.lines if line[0] != name.lower()]

    def get(self, name: str) -> str:
        """The value of a field; of one that was sent several times all of them; empty where there is none."""
        return ", ".join(value for one, value in self.lines if one == name)


@dataclass(slots=True)
class Request:
    """A request as it travels: `target` is path and query, `body` the bytes after any compression."""

    method: str
    target: str
    headers: Fields = field(default_factory=Fields)
    body: bytes = b""

    @property
    def url(self) -> str:
        # Which host was asked is not signed: the hub may stand behind any name.
        return f"http://hub{self.target}"

    @property
    def covered(self) -> list[str]:
        """What its signature must cover."""
        query = ["@query"] if "?" in self.target else []
        return ["@method", "@path", *query, KIOSK_HEADER, *_of_body(self)]


@dataclass(slots=True)
class Reply:
    """A reply as it travels, to `request`."""

    status_code: int
    request: Request
    headers: Fields = field(default_factory=Fields)
    body: bytes = b""

    @property
    def covered(self) -> list[str]:
        """What its signature must cover."""
        return ['"@status"', _BOUND, *(f'"{name}"' for name in _of_body(self))]


def _of_body(message: Request | Reply) -> list[str]:
    if not message.body:
        return []
    encoding = ["content-encoding"] if "content-encoding" in message.headers else []
    return ["content-digest", "content-type", *encoding]


class _Ed25519(HTTPSignatureAlgorithm):
    """Ed25519 by the keys of this program: 32 public bytes, or a `SigningKey`."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: bytes | None = None, private_key: SigningKey | None = None) -> None:
        self._public, self._private = public_key, private_key

    def sign(self, message: bytes) -> bytes:
        assert self._private is not None  # noqa: S101 - the library gives it to sign
        return self._private.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        if self._public is None or not can_verify(self._public, message, signature):
            raise InvalidSignature("the signature does not fit")


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, signer: SigningKey) -> None:
        self._signer = signer

    def resolve_private_key(self, key_id: str) -> SigningKey:  # noqa: ARG002 - it signs with no other
        return self._signer


class _UnknownKeyError(Exception):
    pass


class _Known(HTTPSignatureKeyResolver):
    def __init__(self, public_of: Callable[[bytes], bytes | None]) -> None:
        self._public_of = public_of
        self.failure: Exception | None = None

    def resolve_public_key(self, key_id: str) -> bytes:
        key = _exact(key_id, KEY_ID_BYTES)
        try:
            public = self._public_of(key) if key else None
        except Exception as error:
            self.failure = error
            raise
        if public is None:
            raise _UnknownKeyError
        return public


class _Verifier(HTTPMessageVerifier):
    # The clocks of kiosks are in doubt: what to make of a signature's time is for the caller to say.
    max_clock_skew = timedelta(days=365 * 100)


def _exact(digits: object, size: int) -> bytes:
    """`size` bytes from lower-case hexadecimal digits; empty for anything else."""
    try:
        found = bytes.fromhex(digits) if isinstance(digits, str) else b""
    except ValueError:
        return b""
    return found if len(found) == size and found.hex() == digits else b""


def sign_request(request: Request, signer: SigningKey, *, created: int, nonce: bytes = b"") -> None:
    """Adds digest and signature to a request that has all its other fields, `x-kiosk` among them.

    `created` is in seconds since 1970, by the hub's clock as far as it is known; a nonce is drawn where none
    is given.
    """
    _sign(
        request,
        signer,
        tag=_REQUEST,
        created=created,
        nonce=(nonce or secrets.token_bytes(NONCE_BYTES)).hex(),
    )


def sign_reply(reply: Reply, signer: SigningKey, *, created: int) -> bool:
    """Adds digest and signature to a reply; False where the request has no signature to bind it to."""
    try:
        _sign(reply, signer, tag=_REPLY, created=created, nonce=None)
    except HTTPMessageSignaturesException:
        return False
    return True


def _sign(message: Request | Reply, signer: SigningKey, *, tag: str, created: int, nonce: str | None) -> None:
    HTTPMessageSigner(signature_algorithm=_Ed25519, key_resolver=_OneKey(signer)).sign(
        message,
        key_id=signer.id.hex(),
        created=datetime.fromtimestamp(created, UTC),
        nonce=nonce,
        label=tag,
        tag=tag,
        include_alg=False,
        covered_component_ids=[one for one in message.covered if one.strip('"') != "content-digest"],
        body=message.body or None,
    )


def verify_request(request: Request, public_of: Callable[[bytes], bytes | None]) -> Signed:
    """What the signature of a request says; `public_of` gives the public half of a key's id, if it is known.

    The time it names is not looked at. Raises BadSignatureError.
    """
    result = _verified(request, public_of, tag=_REQUEST, kind="request")
    nonce, created = _exact(result.nonce, NONCE_BYTES), result.parameters["created"]
    if not nonce:
        raise BadSignatureError("request.unsigned", "nonce")
    return Signed(bytes.fromhex(str(result.parameters["keyid"])), int(created), nonce)


def verify_reply(reply: Reply, publics: Mapping[bytes, bytes]) -> bytes:
    """The id of the hub's key, one of `publics`, that signed this reply to `reply.request`.

    Raises BadSignatureError: then nothing is known of what became of the request.
    """
    result = _verified(reply, publics.get, tag=_REPLY, kind="reply")
    return bytes.fromhex(str(result.parameters["keyid"]))


def _verified(
    message: Request | Reply, public_of: Callable[[bytes], bytes | None], *, tag: str, kind: str
) -> Any:
    if "signature-input" not in message.headers or "signature" not in message.headers:
        raise BadSignatureError(f"{kind}.unsigned")
    known = _Known(public_of)
    verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=known)
    try:
        results: Sequence[Any] = verifier.verify(
            message,
            max_age=None,
            expect_tag=tag,
            expect_label=tag,
            require_components=message.covered,
            body=message.body,
        )
    except InvalidSignature as error:
        if known.failure is not None:  # the look-up failed, which says nothing of the signature
            raise known.failure from None
        if isinstance(error.args[0] if error.args else None, _UnknownKeyError):
            raise BadSignatureError(f"{kind}.unknown_key") from None
        raise BadSignatureError(f"{kind}.signature") from None
    except HTTPMessageSignaturesException:
        raise BadSignatureError(f"{kind}.signature") from None
    return results[0]
