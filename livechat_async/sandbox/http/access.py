"""Access to a sandbox: by which names it is called, and who may use its control calls."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Collection
from http import HTTPStatus

from attrs import frozen

from livechat_async.redaction import Secret, printable, shorten, spellings_of
from livechat_async.sandbox.http.answers import Answer, error
from livechat_async.servers import is_local_host, is_private_host

_MOST_SHOWN = 500  # characters


@frozen(kw_only=True)
class Access:
    """Whose requests a sandbox answers.

    Attributes:
        control_token: what control calls have to send; None if they need nothing.
        remote_hosts: names with dots by which other machines call this one. None if only programs
            on this machine are answered.
    """

    control_token: Secret | None = None
    remote_hosts: Collection[str] | None = None

    def refuse_host(self, hosts: Collection[str]) -> Answer | None:
        """403 unless every ``Host`` is a name that no stranger can make lead here."""
        if self.remote_hosts is None:
            text = "The Host header has to name this machine, as in localhost or 127.0.0.1"
            is_known = all(map(is_local_host, hosts))
        else:
            text = (
                "The Host header has to be an IP address or a name without a dot. For any other "
                "name, start the sandbox with --allow-host NAME, or Sandbox(allow_hosts=[...])"
            )
            is_known = all(is_private_host(host, self.remote_hosts) for host in hosts)
        return None if is_known else error(HTTPStatus.FORBIDDEN, text)

    def refuse_control(self, authorization: str) -> Answer | None:
        """401 for a control call without the token, if it needs one.

        The token is a bearer token, or the password of Basic with any user name, as in ``curl -u``.
        """
        if self.control_token is None:
            return None
        scheme, _, given = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            given = read_basic(authorization)[1]
        # In constant time, so that the answer's time does not help to guess.
        token = self.control_token.reveal().encode()
        if hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token):
            return None
        text = (
            "Control calls of this sandbox need its control token: send 'Authorization: Bearer "
            "<token>', with the token that it was started with"
        )
        # Not Basic: a browser would ask for a password before a page can ask for the token.
        challenge = {"WWW-Authenticate": 'Bearer realm="controls of the sandbox"'}
        return error(HTTPStatus.UNAUTHORIZED, text, challenge)

    def show(self, target: str) -> str:
        """The beginning of a request's target for a log, without the control token.

        Nothing in it acts on a terminal, and every encoding has it.
        """
        secrets = [] if self.control_token is None else [self.control_token]
        return printable(shorten(target, spellings_of(secrets), _MOST_SHOWN))


def read_basic(authorization: str) -> tuple[str, str]:
    """The user name and the password of Basic; blank ones for anything else."""
    scheme, _, encoded = authorization.strip().partition(" ")
    try:
        name, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (name, password) if scheme.lower() == "basic" else ("", "")
