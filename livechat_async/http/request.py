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
from livechat_async.checks import meant, refusal
from livechat_async.credentials import Credentials, Region
from livechat_async.errors import ConfigurationError, RedirectError
from livechat_async.http.encoding import plain, quote_segment, urlencode
from livechat_async.redaction import (
    Secret,
    SecretBytes,
    conceal,
    hide,
    kind_of,
    repr_of_fields,
    reveal,
    shorten,
    shown,
    spellings_of,
)

BodyEncoding: TypeAlias = Literal["json", "form"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READS = ("GET", "HEAD")
_PATH = re.compile(r"[!-~]+")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
_KEEPS_METHOD = (307, 308)
_MOST_REDIRECTS = 5
# aiohttp looks names up without regard to case; an istr has its lower case ready.
_AUTHORIZATION, _REGION = istr("Authorization"), istr("X-Region")
_CONTENT_TYPE = istr("Content-Type")
_OUR_HEADERS: dict[istr, str] = {
    istr("Accept"): "application/json",
    istr("User-Agent"): f"livechat_async/{__version__}",
    istr("X-API-Version"): "2",
}
_NONE: frozenset[str] = frozenset()
_NO_SLASH = "has to begin with a slash, as in '/visitors'"
_to_json = json.JSONEncoder(separators=(",", ":")).encode


@lru_cache(maxsize=128)  # a program uses the same few paths again and again
def _placeholders(path: str) -> tuple[frozenset[str], str]:
    """The names of the placeholders in a path, and what is wrong with the path."""
    if not path.startswith("/"):
        return _NONE, _NO_SLASH
    if not _PATH.fullmatch(path) or any(character in path for character in "?#\\"):
        return _NONE, (
            "has to be ASCII without '?', '#', backslash, white space and control characters: "
            "parameters go into query=, ids and names into path_params="
        )
    if any(unquote(segment) in {".", ".."} for segment in path.split("/")):
        return _NONE, "holds a dot segment: write the path without it"
    return frozenset(_PLACEHOLDER.findall(path)), ""


def _problem_of(request: Any) -> str:  # noqa: PLR0911 (one for each problem)
    """Why the request cannot be sent, or an empty text."""
    method, encoding = request.method, request.encoding
    body = {} if request.body is None else request.body
    mappings = (("path_params", request.path_params), ("query", request.query), ("body", body))
    for name, value in mappings:
        if type(value) is not dict:  # `conceal` makes a dict of every mapping
            kind = kind_of(value)
            return f"Request: {name} has to be a mapping, such as {{'name': 'value'}}, not {kind}"
    if not isinstance(method, str) or method not in _METHODS:
        known = ", ".join(_METHODS) + meant(method, _METHODS)
        return f"Request: method={shown(method)} is none of {known}"
    if "callback" in request.query:
        return "Request: query holds 'callback', which asks for JSONP: leave it out"
    if request.body is not None and method in READS:
        return f"Request: a {method} has no body: pass query, or method='POST'"
    if not isinstance(encoding, str) or encoding not in _CONTENT_TYPES:
        return f"encoding={shown(encoding)}: 'json' or 'form' is needed"
    if not isinstance(request.authenticate, bool):
        return f"Request: authenticate={shown(request.authenticate)}: True or False is needed"
    return _problem_of_path(request.path, request.path_params)


def _problem_of_path(path: Any, path_params: dict[str, Any]) -> str:
    for name, segment in path_params.items():
        if isinstance(segment, bool) or not isinstance(segment, (str, int, Secret)):
            return (
                f"Request: path_params: {name} has to be text or a number, not {kind_of(segment)}"
            )
    wanted, problem = _placeholders(path) if isinstance(path, str) else (_NONE, _NO_SLASH)
    if problem:
        return f"Request: path={shown(path)} {problem}"
    if wanted != path_params.keys():
        given = sorted(map(str, path_params))
        return f"Request: path={shown(path)} wants path_params {sorted(wanted)}, given are {given}"
    return ""


@frozen(init=False)
class Request:
    """One API call.

    Args:
        method: the HTTP method.
        path: the path below ``base_url``, beginning with a slash. Ids stand in it as
            placeholders: ``/visitors/{visitor_id}/details``.
        path_params: the values of the placeholders; each is percent-encoded as one segment.
        query: the query, in any nesting of mappings and sequences. ``{"group": [0, 2]}`` becomes
            ``group[]=0&group[]=2``; booleans become 1 and 0, dates ISO text; None is left out.
        body: the body, in any such nesting, sent as ``encoding`` says.
        encoding: ``"json"`` or ``"form"``.
        authenticate: whether the client's credentials are sent.

    Attributes:
        secrets: every secret in it.

    Values under a secret name (``token``, ``password``, ...) show in no ``repr``.

    Raises:
        ConfigurationError: a value that cannot be sent.
    """

    method: str
    path: str
    path_params: Mapping[str, str | int | Secret]
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None
    encoding: BodyEncoding
    authenticate: bool
    secrets: list[Secret] = field(init=False, repr=False, eq=False)

    def __init__(
        self,
        method: str,
        path: str,
        *,
        path_params: Mapping[str, str | int | Secret] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        encoding: BodyEncoding = "json",
        authenticate: bool = True,
    ) -> None:
        # Secrets are hidden before anything is checked, in this frame too.
        found: list[Secret] = []
        is_too_deep = False
        try:
            path_params = {} if path_params is None else conceal(path_params, found=found)
            query = given = {} if query is None else conceal(query, found=found)
            body = None if body is None else conceal(body, found=found)
        except RecursionError:
            path_params = query = given = {}
            body, is_too_deep = None, True
        if is_too_deep:
            raise ConfigurationError(
                "Request: path_params, query or body is nested too deep, or holds itself: send "
                "fewer levels"
            )
        if isinstance(method, str):
            method = method.upper()
        object.__setattr__(self, "secrets", found)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            method, path, path_params, query, body, encoding, authenticate
        )
        problem = _problem_of(self)
        if problem:
            raise ConfigurationError(problem)
        for name, value in [*given.items()]:
            if value is None:
                del given[name]

    __repr__ = repr_of_fields

    def with_query(self, **parameters: Any) -> Self:
        """The same request with these parameters in its query, too."""
        parameters = conceal(parameters)
        return evolve(self, query={**self.query, **parameters})

    @property
    def is_read(self) -> bool:
        """Whether a repetition does nothing twice."""
        return self.method in READS


def no_request(value: object, then: object = None) -> ConfigurationError:
    """The error for an argument that has to be a `Request`; ``then`` is the argument after it."""
    is_call = isinstance(value, str) and isinstance(then, str)
    method, path = (value, then) if is_call else ("GET", "/visitors")
    return refusal("request", value, f"a Request is needed, as in Request({method!r}, {path!r})")


@define(kw_only=True)  # made for each attempt; a frozen one takes twice as long to make
class PreparedRequest:
    """A request as it goes onto the wire. Secrets in it show in no ``repr``.

    Attributes:
        headers: all headers but those that aiohttp adds.
        secrets: every secret in it, to be hidden where an answer repeats one.
    """

    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str]
    body: bytes | None
    secrets: list[Secret] = field(repr=False)
    _spellings: list[str] | None = field(init=False, default=None, repr=False, eq=False)

    __repr__ = repr_of_fields

    def redact(self, text: str, length: int | None = None) -> str:
        """The text without the secrets of this request, cut to ``length`` characters."""
        if self._spellings is None:
            self._spellings = spellings_of(self.secrets)
        if length is None:
            return hide(text, self._spellings)
        return shorten(text, self._spellings, length)

    @property
    def shown_url(self) -> str:
        """The URL as text for people, without secrets."""
        return self.redact(str(self.url))


class RequestBuilder:
    """Makes requests ready for the wire, by the base URL, headers and region of a client."""

    def __init__(self, base_url: URL, headers: Mapping[str, str], region: Region | None) -> None:
        self.root: str = str(base_url).rstrip("/")
        self._region: Region | None = region
        self._secrets = [Secret(value) for value in headers.values()]
        names = {name.lower() for name in headers}
        self._headers: dict[str, str] = {
            **{name: value for name, value in _OUR_HEADERS.items() if name.lower() not in names},
            **{istr(name): value for name, value in headers.items()},
        }

    def build(self, request: Request, credentials: Credentials | None) -> PreparedRequest:
        """The request as it goes onto the wire.

        The credentials sign it if it asks for that. They also name the region, unless the client
        was given one.

        Raises:
            ConfigurationError: a path, query or body that cannot be sent as it is.
        """
        try:
            target, body = _encode(request)
        except ValueError as error:
            reason = str(error)
        else:
            headers, secrets = dict(self._headers), [*request.secrets, *self._secrets]
            region = self._region
            if credentials is not None:
                signature = credentials.signature
                region = region or signature.region
                if request.authenticate:
                    headers[_AUTHORIZATION] = signature.authorization
                    secrets += signature.secrets
            if region is not None:
                headers[_REGION] = region
            if body is not None:
                headers[_CONTENT_TYPE] = _CONTENT_TYPES[request.encoding]
            return PreparedRequest(
                method=request.method,
                url=URL(self.root + target, encoded=True),
                headers=headers,
                body=body,
                secrets=secrets,
            )
        # Raised out here, it brings along no frame that holds half-encoded secrets.
        raise ConfigurationError(f"{request.method} {request.path}: {reason}")


def _encode(request: Request) -> tuple[str, SecretBytes | None]:
    """The path with its query, and the body."""
    target = request.path
    for name, segment in request.path_params.items():
        target = target.replace(f"{{{name}}}", quote_segment(str(reveal(segment))))
    query = urlencode(request.query)
    if query:
        target = f"{target}?{query}"
    if request.body is None:
        return target, None
    is_form = request.encoding == "form"
    text = urlencode(request.body) if is_form else _to_json(plain(request.body))
    return target, SecretBytes(text.encode("ascii"))


def redirected(
    prepared: PreparedRequest, status: int, location: str, number: int = 1
) -> PreparedRequest:
    """The request to send after redirect ``number`` of a call, with the same credentials and body.

    Raises:
        RedirectError: the redirect leads to another origin, where neither credentials nor a body
            may go, or it would turn a write into a read, or it is one too many.
    """
    outcome = _redirected(prepared, status, location, number)
    del location  # it may repeat a secret
    if isinstance(outcome, RedirectError):
        raise outcome
    return outcome


def _redirected(
    prepared: PreparedRequest, status: int, location: str, number: int
) -> PreparedRequest | RedirectError:
    target, shown = prepared.url, "what is no web address"
    try:
        target = prepared.url.join(URL(location)).with_user(None)
        shown = str(target.with_query(None).with_fragment(None))
        is_same_origin = _origin(target) == _origin(prepared.url)
    except ValueError:
        is_same_origin = False
    if not is_same_origin:
        reason = "credentials and bodies are not sent to another origin"
    elif prepared.method not in READS and status not in _KEEPS_METHOD:
        reason = f"following it would turn the {prepared.method} into a GET and lose its body"
    elif number > _MOST_REDIRECTS:
        reason = f"that was redirect number {number} of this request"
    else:
        return evolve(prepared, url=target)
    return RedirectError(
        method=prepared.method,
        url=prepared.shown_url,
        status=status,
        location=prepared.redact(shown),
        reason=reason,
    )


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host, url.port
