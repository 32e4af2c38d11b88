"""What Dagster loads, by workspace.yaml: the definitions of every channel in channels.toml."""

from pipelines.alerts.sensor import tell_at_once
from pipelines.build import build_definitions
from pipelines.settings import SettingsError, load_settings

try:
    settings = load_settings()
except SettingsError as error:
    tell_at_once(str(error))
    raise
defs = build_definitions(settings)
