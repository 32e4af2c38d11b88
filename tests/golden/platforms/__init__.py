"""What the golden cases of each platform are to the runner, a module a platform."""

from __future__ import annotations

from collections.abc import Mapping

from tests.golden.cases import Platform
from tests.golden.platforms import custom, magento2, medusa, prestashop, woocommerce

PLATFORMS: Mapping[str, Platform] = {
    module.PLATFORM.name: module.PLATFORM for module in (custom, magento2, medusa, prestashop, woocommerce)
}
