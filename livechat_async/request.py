"""One API call as data, and the builder that turns it into a URL, headers and bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

from attrs import Attribute, evolve, field, frozen
from yarl import URL

from livechat_async._version import __version__
from livechat_async.credentials import Credentials, Region
from livechat_async.encoding import plain, quote_segment, urlencode
from livechat_async.errors import ConfigurationError, RedirectError
from livechat_async.redaction import Secret, SecretBytes, conceal, redact, secrets_in

__all__ = ["BodyEncoding", "PreparedRequest", "Request", "build", "redirected"]

BodyEncoding: TypeAlias = Literal["json", "form"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_READS = ("GET", "HEAD")
_PATH = re.compile(r"[!-~]+")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
_KEEPS_METHOD = (307, 308)


def _in_capitals(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _check_method(_: object, __: object, value: Any) -> None:
    if not isinstance(value, str) or value not in _METHODS:
        raise ConfigurationError(f"Request: method {value!r} is none of {', '.join(_METHODS)}")


def _check_path(_: object, __: object, value: Any) -> None:
    problem = _path_problem(value) if isinstance(value, str) else _NO_SLASH
    if problem:
        raise ConfigurationError(f"Request: path {value!r} {problem}")


_NO_SLASH = "has to begin with a slash, as in '/visitors'"


@lru_cache(maxsize=128)  # a program asks the same few paths, again and again
def _path_problem(path: str) -> str:
    if not path.startswith("/"):
        return _NO_SLASH
    if not _PATH.fullmatch(path) or any(character in path for character in "?#\\"):
        return (
            "has to be ASCII without '?', '#', backslash, white space and control characters: "
            "parameters go into query=, ids and names into path_params="
        )
    if any(unquote(segment) in {".", ".."} for segment in path.split("/")):
        return "holds a dot segment"
    return ""


def _check_parameters(_: object, attribute: Attribute[Any], value: Any) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise ConfigurationError(
            f"Request: {attribute.name} is a mapping, not {type(value).__name__}"
        )


def _check_path_params(_: object, __: object, value: Mapping[Any, Any]) -> None:
    for name, segment in value.items():
        if isinstance(segment, bool) or not isinstance(segment, (str, int)):
            raise ConfigurationError(
                f"Request: {name} is text or a number, not {type(segment).__name__}"
            )


def _check_query(_: object, __: object, value: Mapping[str, Any]) -> None:
    if "callback" in value:
        raise ConfigurationError(
            "Request: query holds 'callback', which asks for JSONP; this client reads JSON"
        )


def _check_encoding(_: object, __: object, value: Any) -> None:
    if not isinstance(value, str) or value not in _CONTENT_TYPES:
        raise ConfigurationError(f"encoding={value!r}: 'json' or 'form' is needed")


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

    method: str = field(validator=_check_method)
    path: str = field(validator=_check_path)
    path_params: Mapping[str, str | int] = field(validator=[_check_parameters, _check_path_params])
    query: Mapping[str, Any] = field(validator=[_check_parameters, _check_query])
    body: Mapping[str, Any] | None = field(validator=_check_parameters)
    encoding: BodyEncoding = field(validator=_check_encoding)
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
        path_params, query, body = conceal(path_params), conceal(query), conceal(body)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            _in_capitals(method),
            path,
            {} if path_params is None else path_params,
            {} if query is None else query,
            body,
            encoding,
            authenticate,
        )
        if self.is_read and self.body is not None:
            raise ConfigurationError(f"Request: a {self.method} has no body; use query=")
        wanted = set(_PLACEHOLDER.findall(self.path))
        if wanted != set(self.path_params):
            raise ConfigurationError(
                f"Request: path {self.path!r} wants path_params {sorted(wanted)}, "
                f"given are {sorted(self.path_params)}"
            )

    @property
    def is_read(self) -> bool:
        """Whether it may be repeated without doing anything twice."""
        return self.method in _READS


@frozen(kw_only=True)
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

    @property
    def shown_url(self) -> str:
        """The URL as text for people, without secrets."""
        return redact(str(self.url), self.secrets)


def build(
    request: Request,
    *,
    base_url: URL,
    credentials: Credentials | None,
    region: Region | None,
    headers: Mapping[str, str],
) -> PreparedRequest:
    """The request as it goes onto the wire, signed if credentials are given.

    Raises:
        ConfigurationError: a path, query or body that cannot be sent as it is.
    """
    try:
        path = _PLACEHOLDER.sub(
            lambda found: quote_segment(str(request.path_params[found[1]])), request.path
        )
        query = urlencode(request.query)
        body = _encode_body(request)
    except ValueError as error:
        reason = str(error)
    else:
        url = str(base_url).rstrip("/") + path + (f"?{query}" if query else "")
        all_headers = {
            "Accept": "application/json",
            "User-Agent": f"livechat_async/{__version__}",
            **headers,
            "X-API-Version": "2",
        }
        secrets = secrets_in([request.path_params, request.query, request.body, headers])
        if region is not None:
            all_headers["X-Region"] = region
        if body is not None:
            all_headers["Content-Type"] = _CONTENT_TYPES[request.encoding]
        if credentials is not None:
            signature = credentials.authorization()
            all_headers["Authorization"] = signature
            secrets += [Secret(credentials.token), Secret(signature.partition(" ")[2])]
        return PreparedRequest(
            method=request.method,
            url=URL(url, encoded=True),
            headers=all_headers,
            body=body,
            secrets=tuple(secrets),
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
