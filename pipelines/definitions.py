"""What Dagster loads, by workspace.yaml: the definitions of every channel in channels.toml."""

from pipelines.build import build_definitions
from pipelines.settings import load_settings

defs = build_definitions(load_settings())
