"""What Dagster is started with, `dagster dev -m channel_to_mirakl`: its code location has the product's name."""

from pipelines.definitions import defs

__all__ = ["defs"]
