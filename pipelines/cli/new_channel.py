"""The command that writes a folder to begin a channel of one's own: new-channel."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new-channel", short_help="Write a folder to begin a channel of your own.")
@click.argument("folder", type=click.Path(path_type=Path))
def new_channel(folder: Path) -> None:
    """Write a commented starting point for a channel of your own: SQL files and platform.toml in FOLDER."""
    from connectors.channels.template import write_template

    for path in write_template(folder):
        click.echo(path)
    click.echo(f'name it in channels.toml: platform = "{folder}"; then `mirakl-orders check CHANNEL`')
