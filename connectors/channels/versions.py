"""Which version a shop's database and its software have, as far as the database knows."""

from __future__ import annotations

import sqlalchemy as sa

# Magento and Medusa keep the version in their code alone.
_OF_PLATFORM = {
    "woocommerce": "SELECT option_value FROM {prefix}options WHERE option_name = 'woocommerce_version'",
    "prestashop": "SELECT MAX(value) FROM {prefix}configuration WHERE name = 'PS_VERSION_DB'",
}
_NAMES = {"mysql": "MySQL", "mariadb": "MariaDB", "postgresql": "PostgreSQL", "sqlite": "SQLite"}


def versions(connection: sa.Connection, platform: str, prefix: str) -> dict[str, str]:
    """Return `database_version`, and `platform_version` where the platform keeps one in its database."""
    dialect = connection.dialect
    name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    numbers = ".".join(str(part) for part in dialect.server_version_info or () if isinstance(part, int))
    found = {"database_version": f"{_NAMES.get(name, name)} {numbers}".strip()}
    if platform in _OF_PLATFORM:
        version = connection.exec_driver_sql(_OF_PLATFORM[platform].format(prefix=prefix)).scalar()
        if version:
            found["platform_version"] = str(version)
    return found
