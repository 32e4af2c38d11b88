"""The run launcher that earlier versions wrote into dagster.yaml: a DAGSTER_HOME made by one of them still opens.

Belongs here: that name. Does not belong here: watching runs (`heartbeat`), which is done for every launcher alike.
"""

import dagster as dg


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Dagster's own."""
