"""Where channels.toml is and which channels it names, without loading what judges it.

The command line completes names and finds misspelt ones with this, before anything slow is loaded.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path

from transforms.spelling import did_you_mean

FILE_VARIABLE = "CHANNELS_FILE"


def channels_file() -> Path:
    """Return the path of channels.toml: `CHANNELS_FILE`, or the file in the working folder."""
    return Path(os.environ.get(FILE_VARIABLE) or "channels.toml")


def channel_names() -> list[str]:
    """Return the names of all blocks in the file; of a file that cannot be read, none."""
    try:
        blocks = tomllib.loads(channels_file().read_text(encoding="utf-8")).get("channels")
    except (OSError, ValueError):
        return []
    return list(blocks) if isinstance(blocks, dict) else []


def no_such_channel(path: Path, name: str, known: Iterable[str]) -> str:
    """Return the error that the file describes no channel of this name."""
    names = sorted(known)
    listed = ", ".join(names) or "none"
    return f"{path}: there is no channel {name!r} (channels: {listed}){did_you_mean(name, names)}"
