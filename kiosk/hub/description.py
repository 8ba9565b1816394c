"""What the API's document says of a route, beside what the framework finds by itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from kiosk.hub.documents import ClockProblem, Problem

_REFUSALS = {
    400: "the body or the query is not what it should be",
    403: "this kiosk or this code is not taken",
    408: "the body took too long",
    409: "this very request was done before: what became of it can be asked",
    413: "the body is too large",
    415: "another type or encoding of the body than those that are understood",
    429: "too many requests of this kiosk",
    500: "the hub failed; nothing was changed",
    503: "the database does not answer; nothing was changed",
}
_SIGNATURE = (
    ("Signature-Input", "RFC 9421, label and tag `kiosk`: what is covered, `created`, `keyid`, `nonce`"),
    ("Signature", "RFC 9421, Ed25519"),
    ("X-Kiosk", "name of the kiosk"),
)
_OF_BODY = (
    ("Content-Digest", "RFC 9530, sha-256 over the body as it travels", True),
    ("Content-Encoding", "identity, gzip or zstd", False),
)


def described(
    *,
    media: str,
    asks: type[BaseModel] | None,
    gives: type[BaseModel],
    parameters: dict[str, tuple[int, int, int]],
) -> dict[str, Any]:
    """The parts of a route's description: its parameters, body and answers.

    `media` is the type of the body, empty for none; `asks` its form, None for one that is no JSON;
    `parameters` are those of the query: the least, the most, and what is taken where it is not given.
    """
    extra: dict[str, Any] = {"parameters": [*_headers(has_body=bool(media)), *_query(parameters)]}
    if media:
        schema = _inlined(asks.model_json_schema()) if asks else {"type": "string", "format": "binary"}
        extra["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    responses: dict[int, dict[str, Any]] = {
        200: {"model": gives, "description": "done"},
        401: {"model": ClockProblem | Problem, "description": "the signature does not hold, or its time"},
    }
    responses |= {status: {"model": Problem, "description": why} for status, why in _REFUSALS.items()}
    return {"openapi_extra": extra, "responses": responses}


def _headers(*, has_body: bool) -> list[dict[str, Any]]:
    told = [(*one, True) for one in _SIGNATURE] + (list(_OF_BODY) if has_body else [])
    return [
        {"name": name, "in": "header", "required": required, "description": why, "schema": {"type": "string"}}
        for name, why, required in told
    ]


def _query(parameters: dict[str, tuple[int, int, int]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": least, "maximum": most, "default": default},
        }
        for name, (least, most, default) in parameters.items()
    ]


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with what it refers to in its place, since a body's schema stands alone in the document."""
    parts = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            reference = node.get("$ref", "")
            if reference:
                return resolved(parts[reference.rpartition("/")[2]])
            return {key: resolved(value) for key, value in node.items()}
        return [resolved(one) for one in node] if isinstance(node, list) else node

    found: dict[str, Any] = resolved(schema)
    return found
