"""The tutorial's commands, run: `python -m tests.tutorial` writes what they print into docs/tutorial.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.servers.ports import free_port

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
PORT = "8585"
HOME = "/home/you"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "@@@"
_VARYING = (
    (re.compile(r"^my_shop (starting|reading|normalising|sending|comparing): .*\n", re.MULTILINE), ""),
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| UTC|\+00:00)?"), "<instant>"),
    (re.compile(r"(?<=last delivery) +\d+ \w+ ago"), "  <age> ago"),
    (re.compile(r"\b\d+ (?:s|min|h|d)\b"), "<time>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r" $", re.MULTILINE), ""),
)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block with the output shown below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        size = next((n for n, line in enumerate(lines[1:], 1) if not line.startswith("> ")), len(lines))
        command = "".join([lines[0], *(line[2:] for line in lines[1:size])])
        yield command, "".join(lines[size:])


def blocks() -> list[str]:
    return _BLOCK.findall(PAGE.read_text())


def run(all_commands: list[str], folder: Path) -> list[str]:
    """Run the commands one after another in one shell, and return what each printed (the folder is called `HOME`)."""
    port = str(free_port())
    script = "".join(
        f"{command}status=$?; printf '\\n{_MARK}\\n'; (exit $status)\n" for command in all_commands
    ).replace(PORT, port)
    done = subprocess.run(
        ["bash", "-c", "exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n" + script],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )
    outputs = done.stdout.replace(port, PORT).replace(str(folder.resolve()), HOME).split(f"\n{_MARK}\n")[:-1]
    # What a command prints without a line break at its end is given one.
    return [f"{output}\n" if output and not output.endswith("\n") else output for output in outputs]


def steady(output: str) -> str:
    """Return an output without what differs from run to run."""
    for pattern, instead in _VARYING:
        output = pattern.sub(instead, output)
    return output


def _environment() -> Mapping[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MIRAKL_", "DAGSTER_"))}
    for name in ("CHANNELS_FILE", "LEDGER_URL", "FRAMES_URL", "ALERT_WEBHOOK_URL", "PYTHONPATH"):
        ours.pop(name, None)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**ours, "COLUMNS": "100", "PATH": path, "DAGSTER_DISABLE_TELEMETRY": "1"}


def main() -> None:
    """Write what the commands print into the page."""
    found = [list(commands(block)) for block in blocks()]
    with tempfile.TemporaryDirectory() as folder:
        outputs = iter(run([command for block in found for command, _ in block], Path(folder)))
    text = PAGE.read_text()
    for block, shown in zip(blocks(), found, strict=True):
        written = ""
        for command, _ in shown:
            first, *rest = command.splitlines(keepends=True)
            written += f"$ {first}" + "".join(f"> {line}" for line in rest) + next(outputs)
        written = "".join(f"{line.rstrip()}\n" for line in written.splitlines())
        text = text.replace(f"```console\n{block}```", f"```console\n{written}```", 1)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
