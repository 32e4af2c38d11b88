"""What Dagster loads, by workspace.yaml: the definitions of every channel in channels.toml."""

import os
from pathlib import Path

import dagster as dg

from pipelines.alerts.sensor import post_at_once
from pipelines.build import build_definitions
from pipelines.config.settings import SettingsError, load_settings
from pipelines.runs.instance import DAGSTER_YAML, HOME_VARIABLE

if (home := os.environ.get(HOME_VARIABLE)) and not (Path(home) / DAGSTER_YAML.name).is_file():
    dg.get_dagster_logger().warning(
        f"{HOME_VARIABLE}: {home} holds no dagster.yaml, so that killed runs are not started again and late "
        f"channels stay green; stop Dagster and copy {DAGSTER_YAML} there (`mirakl-orders check` fills an empty one)"
    )
try:
    settings = load_settings()
except SettingsError as error:
    post_at_once(str(error))
    raise
defs = build_definitions(settings)
