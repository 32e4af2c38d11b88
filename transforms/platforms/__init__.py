"""One module per shop platform: its own rows in, order frames out.

Belongs here: the register of platforms. Does not belong here: anything two platforms need; that is common.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transforms.frames import Frame, OrderFrames
from transforms.platforms import magento2, medusa, prestashop, woocommerce

Shape = Callable[[Mapping[str, Frame], dt.datetime, str], OrderFrames]


@dataclass(frozen=True, slots=True)
class Platform:
    """How a platform's rows become order frames, and its own status words.

    `shape(rows, read_at, timezone)` takes one frame per query and the channel's zone for shop-local times.
    """

    shape: Shape
    statuses: Mapping[str, str]


PLATFORMS: Mapping[str, Platform] = {
    "magento2": Platform(magento2.shape, magento2.STATUSES),
    "medusa": Platform(medusa.shape, medusa.STATUSES),
    "prestashop": Platform(prestashop.shape, prestashop.STATUSES),
    "woocommerce": Platform(woocommerce.shape, woocommerce.STATUSES),
}
