"""The run launcher that earlier versions wrote into dagster.yaml: a DAGSTER_HOME made by one of them still opens."""

import dagster as dg


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Dagster's own."""
