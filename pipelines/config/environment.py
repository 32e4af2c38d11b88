"""Environment variables: where Mirakl is, and where this software keeps its state."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.ledger import Destination
from connectors.mirakl.client import MiraklSettings
from pipelines.config.blocks import MiraklLimits
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

    def mirakl(self, limits: MiraklLimits) -> MiraklSettings:
        """Return the destination.

        Raises:
            connectors.mirakl.errors.DestinationError: a variable is missing or wrong; the message names it.
        """
        return MiraklSettings(
            base_url=self.mirakl_base_url,
            token_url=self.mirakl_token_url,
            client_id=self.mirakl_client_id,
            client_secret=self.mirakl_client_secret,
            requests_per_second=limits.requests_per_second,
        )

    def destination(self, channel: Channel) -> Destination:
        """Return where a channel's orders go, as the ledger knows it."""
        return Destination.of(self.mirakl_base_url, channel.settings.mirakl_channel_id)
