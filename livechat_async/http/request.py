"""One API call as data, and the builder that turns it into a URL, headers and bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, Self, TypeAlias
from urllib.parse import unquote

from attrs import define, evolve, field, frozen
from multidict import istr
from yarl import URL

from livechat_async._version import __version__
from livechat_async.credentials import Credentials, Region
from livechat_async.errors import ConfigurationError, RedirectError
from livechat_async.http.encoding import plain, quote_segment, urlencode
from livechat_async.redaction import (
    Secret,
    SecretBytes,
    conceal,
    redact,
    repr_of_fields,
    secrets_in,
)

__all__ = ["BodyEncoding", "PreparedRequest", "Request", "RequestBuilder", "redirected"]

BodyEncoding: TypeAlias = Literal["json", "form"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_READS = ("GET", "HEAD")
_PATH = re.compile(r"[!-~]+")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
_KEEPS_METHOD = (307, 308)
# aiohttp looks names up without regard to case; these know their lower case already.
_ACCEPT, _USER_AGENT, _API_VERSION = istr("Accept"), istr("User-Agent"), istr("X-API-Version")
_AUTHORIZATION, _REGION, _CONTENT_TYPE = (
    istr("Authorization"),
    istr("X-Region"),
    istr("Content-Type"),
)
_NONE: frozenset[str] = frozenset()
_NO_SLASH = "has to begin with a slash, as in '/visitors'"


def _in_capitals(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _check_method(method: Any) -> None:
    if not isinstance(method, str) or method not in _METHODS:
        raise ConfigurationError(f"Request: method {method!r} is none of {', '.join(_METHODS)}")


def _check_path(path: Any, path_params: Mapping[str, Any]) -> None:
    wanted, problem = _placeholders(path) if isinstance(path, str) else (_NONE, _NO_SLASH)
    if problem:
        raise ConfigurationError(f"Request: path {path!r} {problem}")
    if wanted != path_params.keys():
        raise ConfigurationError(
            f"Request: path {path!r} wants path_params {sorted(wanted)}, "
            f"given are {sorted(path_params)}"
        )


@lru_cache(maxsize=128)  # a program asks the same few paths, again and again
def _placeholders(path: str) -> tuple[frozenset[str], str]:
    """The names of the placeholders in a path, and what is wrong with it."""
    if not path.startswith("/"):
        return _NONE, _NO_SLASH
    if not _PATH.fullmatch(path) or any(character in path for character in "?#\\"):
        return _NONE, (
            "has to be ASCII without '?', '#', backslash, white space and control characters: "
            "parameters go into query=, ids and names into path_params="
        )
    if any(unquote(segment) in {".", ".."} for segment in path.split("/")):
        return _NONE, "holds a dot segment"
    return frozenset(_PLACEHOLDER.findall(path)), ""


def _check_mapping(name: str, value: Any) -> None:
    if type(value) is not dict and not isinstance(value, Mapping):
        raise ConfigurationError(f"Request: {name} is a mapping, not {type(value).__name__}")


def _check_path_params(path_params: Mapping[Any, Any]) -> None:
    for name, segment in path_params.items():
        if isinstance(segment, bool) or not isinstance(segment, (str, int)):
            raise ConfigurationError(
                f"Request: {name} is text or a number, not {type(segment).__name__}"
            )


def _given(query: Any) -> dict[str, Any]:
    """The query without what would be left out, each time anew, when it is sent."""
    return {name: value for name, value in query.items() if value is not None}


def _check_query(query: Any) -> None:
    _check_mapping("query", query)
    if "callback" in query:
        raise ConfigurationError(
            "Request: query holds 'callback', which asks for JSONP; this client reads JSON"
        )


def _check_body(method: str, body: Any) -> None:
    if body is None:
        return
    _check_mapping("body", body)
    if method in _READS:
        raise ConfigurationError(f"Request: a {method} has no body; use query=")


def _check_encoding(encoding: Any) -> None:
    if not isinstance(encoding, str) or encoding not in _CONTENT_TYPES:
        raise ConfigurationError(f"encoding={encoding!r}: 'json' or 'form' is needed")


@frozen(init=False)
class Request:
    """One API call.

    Args:
        method: the HTTP method.
        path: the path below ``base_url``, beginning with a slash. Ids stand in it as
            placeholders: ``/visitors/{visitor_id}/details``.
        path_params: what stands for the placeholders; each is percent-encoded as one segment.
        query: the query, in any nesting of mappings and sequences. ``{"group": [0, 2]}`` becomes
            ``group[]=0&group[]=2``; booleans become 1 and 0, dates ISO text; None is left out.
        body: likewise, sent as ``encoding`` says.
        encoding: ``"json"`` or ``"form"``.
        authenticate: whether the client's credentials are sent.

    Values whose name says that they are secret (``token``, ``password``, ...) show in no ``repr``.

    Raises:
        ConfigurationError: a value that cannot be sent.
    """

    method: str
    path: str
    path_params: Mapping[str, str | int]
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None
    encoding: BodyEncoding
    authenticate: bool

    def __init__(
        self,
        method: str,
        path: str,
        *,
        path_params: Mapping[str, str | int] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        encoding: BodyEncoding = "json",
        authenticate: bool = True,
    ) -> None:
        # What is secret by its name is hidden before anything is checked, also in this frame.
        path_params = {} if path_params is None else conceal(path_params)
        query = {} if query is None else conceal(query)
        body = conceal(body)
        _check_query(query)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            _in_capitals(method), path, path_params, _given(query), body, encoding, authenticate
        )
        _check_method(self.method)
        _check_mapping("path_params", self.path_params)
        _check_path_params(self.path_params)
        _check_path(self.path, self.path_params)
        _check_body(self.method, self.body)
        _check_encoding(self.encoding)

    def __repr__(self) -> str:
        return repr_of_fields(self)

    def with_query(self, **parameters: Any) -> Self:
        """The same with these in its query, too."""
        parameters = conceal(parameters)
        _check_query(parameters)
        copy = object.__new__(type(self))
        copy.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            self.method,
            self.path,
            self.path_params,
            {**self.query, **_given(parameters)},
            self.body,
            self.encoding,
            self.authenticate,
        )
        return copy

    @property
    def secrets(self) -> list[Secret]:
        """Every secret in it."""
        return [*secrets_in(self.path_params), *secrets_in(self.query), *secrets_in(self.body)]

    @property
    def is_read(self) -> bool:
        """Whether it may be repeated without doing anything twice."""
        return self.method in _READS


@define(kw_only=True)  # made for each attempt; frozen, that would take twice as long
class PreparedRequest:
    """A request as it goes onto the wire. Secrets in it show in no ``repr``.

    Attributes:
        url: the whole URL, encoded.
        headers: all headers but those the transport adds.
        body: the bytes, or None.
        secrets: every secret in it, to be hidden where an answer repeats one.
    """

    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str]
    body: bytes | None
    secrets: tuple[str, ...] = field(repr=False)

    def __repr__(self) -> str:
        return repr_of_fields(self)

    @property
    def shown_url(self) -> str:
        """The URL as text for people, without secrets."""
        return redact(str(self.url), self.secrets)


class RequestBuilder:
    """Makes requests ready for the wire, by the options of one client.

    Args:
        base_url: where the API is.
        headers: the client's own.
        region: where the account lives, if the client was told.
    """

    def __init__(self, base_url: URL, headers: Mapping[str, str], region: Region | None) -> None:
        self.root: str = str(base_url).rstrip("/")
        self._region: Region | None = region
        self._secrets = tuple(secrets_in(headers))
        given: dict[str, str] = {istr(name): value for name, value in headers.items()}
        names = {name.lower() for name in given}
        ours: dict[str, str] = {
            _ACCEPT: "application/json",
            _USER_AGENT: f"livechat_async/{__version__}",
            _API_VERSION: "2",
        }
        self._headers: dict[str, str] = {
            **{name: value for name, value in ours.items() if name.lower() not in names},
            **given,
        }

    def build(
        self, request: Request, credentials: Credentials | None, region: Region | None = None
    ) -> PreparedRequest:
        """The request as it goes onto the wire.

        Args:
            request: the call.
            credentials: what it is signed with, if it is to be.
            region: where the account lives, unless the client was told.

        Raises:
            ConfigurationError: a path, query or body that cannot be sent as it is.
        """
        try:
            url = self.root + request.path
            if request.path_params:
                url = self.root + _PLACEHOLDER.sub(
                    lambda found: quote_segment(str(request.path_params[found[1]])), request.path
                )
            if request.query:
                query = urlencode(request.query)
                url += f"?{query}" if query else ""
            body = _encode_body(request)
        except ValueError as error:
            reason = str(error)
        else:
            headers, secrets = dict(self._headers), self._secrets
            region = self._region or region
            if credentials is not None:
                headers[_AUTHORIZATION] = credentials.signature.authorization
                secrets += credentials.signature.secrets
            if region is not None:
                headers[_REGION] = region
            if body is not None:
                headers[_CONTENT_TYPE] = _CONTENT_TYPES[request.encoding]
            return PreparedRequest(
                method=request.method,
                url=URL(url, encoded=True),
                headers=headers,
                body=body,
                secrets=(*request.secrets, *secrets),
            )
        # Raised out here, it brings along no frame that holds half-encoded secrets.
        raise ConfigurationError(f"{request.method} {request.path}: {reason}")


def _encode_body(request: Request) -> SecretBytes | None:
    if request.body is None:
        return None
    if request.encoding == "form":
        return SecretBytes(urlencode(request.body).encode("ascii"))
    return SecretBytes(json.dumps(plain(request.body), separators=(",", ":")).encode("ascii"))


def redirected(prepared: PreparedRequest, status: int, location: str) -> PreparedRequest:
    """The request to send after a redirect, with the same credentials and body.

    Raises:
        RedirectError: the redirect leads to another origin, where neither credentials nor a body
            may go; or it would turn a write into a read.
    """
    outcome = _redirected(prepared, status, location)
    del location  # it may repeat a secret
    if isinstance(outcome, RedirectError):
        raise outcome
    return outcome


def _redirected(
    prepared: PreparedRequest, status: int, location: str
) -> PreparedRequest | RedirectError:
    try:
        target = prepared.url.join(URL(location)).with_user(None)
        same_origin = _origin(target) == _origin(prepared.url)
        shown = str(target.with_query(None).with_fragment(None))
    except ValueError:
        target, same_origin, shown = prepared.url, False, "what is no web address"
    if not same_origin:
        reason = "credentials and bodies are not sent to another origin"
    elif prepared.method not in _READS and status not in _KEEPS_METHOD:
        reason = f"following it would turn the {prepared.method} into a GET and lose its body"
    else:
        return evolve(prepared, url=target)
    return RedirectError(
        method=prepared.method,
        url=prepared.shown_url,
        status=status,
        location=redact(shown, prepared.secrets),
        reason=reason,
    )


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host, url.port
