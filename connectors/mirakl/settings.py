"""Where Mirakl is, and how fast it may be spoken to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from connectors.ledger import Destination
from connectors.mirakl.errors import DestinationError

ORDERS_PATH = "/v1/orders"


@dataclass(frozen=True, slots=True)
class MiraklSettings:
    """Where Mirakl is and how to speak to it. Times in seconds; `retry_budget` bounds the repeats of one request."""

    base_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    requests_per_second: float = 20
    connect_timeout: float = 10
    read_timeout: float = 60
    retry_budget: float = 120
    connections: int = 8

    @property
    def credential(self) -> str:
        """Identify the credential at its destination, without naming it: that is what Mirakl's limit counts for."""
        base_url = Destination.of(self.base_url, "").base_url
        return hashlib.sha256(f"{base_url} {self.client_id}".encode()).hexdigest()[:16]

    def __post_init__(self) -> None:
        """Refuse what cannot work or would send a secret in the clear.

        Raises:
            DestinationError: an address is not https (loopback aside), or a credential is missing.
        """
        for name, url in (("MIRAKL_BASE_URL", self.base_url), ("MIRAKL_TOKEN_URL", self.token_url)):
            _require_safe(name, url)
        if urlsplit(self.base_url).query:
            raise DestinationError("MIRAKL_BASE_URL holds a query (what follows the ?); leave that out")
        if self.base_url.rstrip("/").endswith(ORDERS_PATH):
            raise DestinationError(f"MIRAKL_BASE_URL ends with {ORDERS_PATH}; leave that out, it is added")
        for name, value in (("MIRAKL_CLIENT_ID", self.client_id), ("MIRAKL_CLIENT_SECRET", self.client_secret)):
            if not value:
                raise DestinationError(f"{name} is not set; set it to the credential Mirakl gave you")


def _require_safe(name: str, address: str) -> None:
    import httpx  # loaded when there is something to send

    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise DestinationError(f"{name} is not an address") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise DestinationError(f"{name} is not an address; expected https://host/path")
    if url.userinfo:
        raise DestinationError(
            f"{name} holds a user; the credential is in MIRAKL_CLIENT_ID and MIRAKL_CLIENT_SECRET alone"
        )
    if url.scheme == "http" and not _loopback(url.host):
        raise DestinationError(f"{name} must start with https:// (plain http only to this machine itself)")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
