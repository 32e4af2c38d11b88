"""The errors whose message is meant for the user. Any other exception that comes up to the surface is a bug.

UserError
├── SettingsError       `channels.toml`, the environment, `DAGSTER_HOME`     pipelines.config.settings
├── ShopError           the shop's database                                  connectors.channels.errors
├── FrameError          rows that are none of an order's                     transforms.frames
├── StorageError        where frames are kept                                connectors.frames.storage
├── LedgerError         where the ledger is kept                             connectors.ledger
├── MiraklError         Mirakl or the way there, a tree of its own           connectors.mirakl.errors
└── WebhookError        where alerts are posted                              connectors.alerts.webhook
"""

from __future__ import annotations


class UserError(Exception):
    """Something that whoever runs this software can put right.

    Its text says in one line what is wrong, where, and what to do; never personal data, a secret or a password.
    """
