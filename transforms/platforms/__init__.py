"""One module per shop platform: its own rows in, order frames out.

Belongs here: the register of platforms. Does not belong here: anything two platforms need; that is common.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from transforms.frames import Frame, OrderFrames

Shape: TypeAlias = "Callable[[Mapping[str, Frame], dt.datetime, str], OrderFrames]"


@dataclass(frozen=True, slots=True)
class Platform:
    """How a platform's rows become order frames, and its own statuses.

    `shape(rows, read_at, timezone)` takes one frame per query and the channel's zone for shop-local times.
    """

    shape: Shape
    statuses: Mapping[str, str]


class _Platforms(Mapping[str, Platform]):
    """The built-in platforms by name; each is loaded when it is first asked for, for most shops are of one."""

    _NAMES = ("magento2", "medusa", "prestashop", "woocommerce")

    def __getitem__(self, name: str) -> Platform:
        if name not in self._NAMES:
            raise KeyError(name)
        return _loaded(name)

    def __contains__(self, name: object) -> bool:
        return name in self._NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(self._NAMES)

    def __len__(self) -> int:
        return len(self._NAMES)


@cache
def _loaded(name: str) -> Platform:
    module = import_module(f"{__name__}.{name}")
    return Platform(module.shape, module.STATUSES)


PLATFORMS: Mapping[str, Platform] = _Platforms()
