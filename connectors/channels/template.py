"""A starting point for a channel of the user's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from connectors.channels.errors import ShopError


def write_template(folder: Path) -> list[Path]:
    """Write a commented `platform.toml` and `.sql` files into `folder`; return the files.

    Raises:
        ShopError: the folder is there and not empty (nothing is overwritten), or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ShopError("bad_platform", f"{folder} is not empty; name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        sources = sorted((Path(__file__).parent / "template").iterdir())
        return [Path(shutil.copyfile(source, folder / source.name)) for source in sources]
    except OSError as error:
        raise ShopError("bad_platform", f"{folder} cannot be written: {error.strerror}") from None
