"""The exceptions whose message is meant for the user: what is wrong, where, and what to do. Anything else is a bug."""

from __future__ import annotations

from connectors.channels.errors import ShopError
from connectors.frames.storage import StorageError
from connectors.ledger import LedgerError
from connectors.mirakl.errors import MiraklError
from pipelines.config.settings import SettingsError
from transforms.frames import FrameError

USER_ERRORS = (SettingsError, ShopError, MiraklError, LedgerError, StorageError, FrameError)
