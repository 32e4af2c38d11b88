"""Environment variables: where Mirakl is, and where this software keeps its state."""

from __future__ import annotations

import os

from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.ledger import Destination
from connectors.mirakl.errors import DestinationError
from connectors.mirakl.settings import MiraklSettings
from pipelines.config.blocks import FROM_ENVIRONMENT, MiraklLimits
from pipelines.config.settings import Channel


class Environment(BaseSettings):
    """The variables by their names in lower case; read anew each time this is made, so no import depends on them."""

    model_config = SettingsConfigDict(env_ignore_empty=True, str_strip_whitespace=True, frozen=True)

    mirakl_base_url: str = "https://miraklconnect.com/api/channel-platform"
    mirakl_token_url: str = "https://auth.mirakl.net/oauth/token"  # noqa: S105 - an address
    mirakl_client_id: str = ""
    mirakl_client_secret: str = ""
    ledger_url: str = "sqlite:///var/ledger.sqlite"
    frames_url: str = "var/frames"
    alert_webhook_url: str = ""

    def mirakl(self, limits: MiraklLimits, credential: str | None = None) -> MiraklSettings:
        """Return the destination, with the credential of this name, by default MIRAKL_CLIENT_ID's.

        Raises:
            DestinationError: a variable is missing or wrong; the message names it.
        """
        client_id, client_secret = self.mirakl_client_id, self.mirakl_client_secret
        if credential is not None:
            named = limits.credentials[credential]
            client_id = _variable(f"[mirakl.credentials.{credential}] client_id", named.client_id)
            client_secret = _variable(f"[mirakl.credentials.{credential}] client_secret", named.client_secret)
        return MiraklSettings(
            base_url=self.mirakl_base_url,
            token_url=self.mirakl_token_url,
            client_id=client_id,
            client_secret=client_secret,
            requests_per_second=limits.requests_per_second,
        )

    def destination(self, channel: Channel) -> Destination:
        """Return where a channel's orders go, as the ledger knows it."""
        return Destination.of(self.mirakl_base_url, channel.settings.mirakl_channel_id)


def _variable(key: str, value: str) -> str:
    name = value.removeprefix(FROM_ENVIRONMENT).strip()
    # A secret that is mounted from a file often ends with a line break.
    found = os.environ.get(name, "").strip()
    if not found:
        raise DestinationError(f"{key}: the environment variable {name} is not set; set it to what Mirakl gave you")
    return found
