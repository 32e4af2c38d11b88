"""Orchestration on Dagster, and the command line. The only package that imports dagster.

Belongs here: channels.toml, assets, checks, schedules, storage of frames, `mirakl-orders`. Does not belong here: what
an order means (`transforms`), and how a shop or Mirakl is spoken to (`connectors`).
"""
