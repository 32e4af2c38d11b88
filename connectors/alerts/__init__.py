"""Messages to people, outside Dagster."""
