"""The Dagster project and the command line: the only package that imports dagster."""
