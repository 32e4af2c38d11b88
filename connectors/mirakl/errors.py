"""What an answer of Mirakl means for the sender: these orders, this store, this credential, or no answer at all.

MiraklError
├── DestinationError        an address or a credential is configured wrongly
├── OrdersRefused           400: some of these orders
├── RequestTooLarge         413
├── StoreStopped            nothing of this store can be delivered until someone acts
│   └── CredentialRefused     because of the credential
├── NoAnswer                whether Mirakl stored the orders is unknown
│   └── TokenUnavailable      they never left: there is no token to be had
└── SenderLost              another process may be sending
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import orjson

from transforms.errors import UserError
from transforms.plain import plain

if TYPE_CHECKING:
    import httpx

# Of orders that are left without an answer; docs/codes.md explains each.
UnansweredCode = Literal[
    "NO_ANSWER",
    "STORE_STOPPED",
    "CREDENTIAL_REFUSED",
    "SYSTEMIC",
    "SENDER_LOST",
    "INTERRUPTED",
    "READ_TOO_LONG_AGO",
    "READ_IN_FUTURE",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of Mirakl's error body. `field` is Mirakl's own path, of no documented syntax, or None."""

    code: str
    field: str | None


class MiraklError(UserError):
    """Mirakl did not accept a request.

    Messages hold status and code; never Mirakl's own text, which may quote an order's data. `code` is that of orders
    which are left without an answer for this.
    """

    code: ClassVar[UnansweredCode] = "NO_ANSWER"


class DestinationError(MiraklError):
    """The destination is configured wrongly. The message names the variable; never the secret."""


class OrdersRefused(MiraklError):
    """400: the whole request is refused because of its content; `faults` has at least one entry."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"refused with code {faults[0].code}")
        self.faults = faults


class RequestTooLarge(MiraklError):
    """413: the request has too many bytes."""


class StoreStopped(MiraklError):
    """404, 405, 415 and the like: no order of this store can be delivered until someone acts.

    So does what is not an answer of Mirakl's, a redirect or a login page, when it comes time and again.
    """

    code: ClassVar[UnansweredCode] = "STORE_STOPPED"


class CredentialRefused(StoreStopped):
    """401 twice, 403, or no from the token endpoint: the credential is wrong, or lacks the scope. Never holds it."""

    code = "CREDENTIAL_REFUSED"


class NoAnswer(MiraklError):
    """The retries are used up: whether Mirakl stored the orders is unknown.

    `about_batch` says that the cause may lie in the orders sent: a server that fails over one of them answers 5xx or
    cuts the connection. No connection, no token and 429 have nothing to do with them.
    """

    def __init__(self, message: str, *, about_batch: bool = False) -> None:
        super().__init__(message)
        self.about_batch = about_batch


class TokenUnavailable(NoAnswer):
    """The token endpoint gives no token just now; worth trying again."""


class SenderLost(MiraklError):
    """This process is not the credential's one sender any more: another may be sending, and the rate is for one."""

    code = "SENDER_LOST"

    def __init__(self) -> None:
        super().__init__(
            "the lock of the ledger's one sender was lost (its session with the database ended, or its file was "
            "removed), and another process may be sending now; run again: what was delivered is not sent twice"
        )


_NOT_OF_A_CODE = re.compile(r"[^A-Za-z0-9_.:-]+")
_PATH = re.compile(r"""[A-Za-z0-9_$.:*\[\]/"'-]*""")
_MEANING = {
    401: "the token is refused, also a new one; check the credential: MIRAKL_CLIENT_ID and MIRAKL_CLIENT_SECRET, or "
    "those that [mirakl.credentials] names for the channel",
    403: "the credentials may not write orders; they need the scope connect-channel-platform:orders:upsert",
    404: "the channel or the store is unknown to Mirakl; check mirakl_channel_id and mirakl_store_id, "
    "that the store is registered, and MIRAKL_BASE_URL",
}


def stop_of(response: httpx.Response) -> StoreStopped:
    """Return why a store cannot be delivered to."""
    status = response.status_code
    code = _code(_error_body(response.content).get("code"))
    meaning = _MEANING.get(status, "the request itself is not accepted; check MIRAKL_BASE_URL")
    named = f" ({code})" if code else ""
    kind = CredentialRefused if status in {401, 403} else StoreStopped
    return kind(f"HTTP {status}{named}: {meaning}")


def faults(content: bytes) -> tuple[Fault, ...]:
    """Read the faults of a 400; a body that is not Mirakl's gives one fault without a field."""
    body = _error_body(content)
    code = _code(body.get("code")) or "HTTP_400"
    entries = body.get("errors")
    found: list[Fault] = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            extensions = entry.get("extensions")
            own = entry.get("code") or (extensions.get("code") if isinstance(extensions, dict) else None)
            found.append(Fault(_code(own) or code, _field(entry.get("field"))))
    return tuple(found) or (Fault(code, None),)


def _error_body(content: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(value: Any) -> str | None:
    # Codes are documented nowhere and hold no spaces; whatever else comes in its place might quote an order.
    return _NOT_OF_A_CODE.sub("_", plain(value, 100)) or None if isinstance(value, str) else None


def _field(value: Any) -> str | None:
    # A path, of no documented syntax; it ends with the first character that is of no path.
    found = _PATH.match(plain(value, 300)) if isinstance(value, str) else None
    return found.group() or None if found else None
