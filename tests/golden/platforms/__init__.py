"""What the golden cases of each platform are to the runner, a module a platform."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from tests.golden.cases import Platform
from transforms import platforms

PLATFORMS: Mapping[str, Platform] = {
    name: import_module(f"{__name__}.{name}").PLATFORM for name in ("custom", *platforms.PLATFORMS)
}
