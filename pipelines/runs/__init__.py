"""Runs on Dagster's instance, started from the shell or by sensors: sync, replay, and how they are recorded."""
