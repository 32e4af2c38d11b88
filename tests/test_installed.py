"""The product as a wheel, installed away from the checkout: it carries all its files, and delivers."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.server import CREDENTIAL, Sandbox, SandboxSettings
from examples.woocommerce_shop import make_sqlite_shop

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
CHANNEL = """
[channels.boutique]
platform = "woocommerce"
database_url = "sqlite:///shop.sqlite"
mirakl_channel_id = "1234"
mirakl_store_id = "S-1"
timezone = "Europe/Paris"
start_date = "2026-01-01"
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it into an environment of its own; what it depends on is the tests' own."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "var", "tests", "*.egg-info", "build"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    subprocess.run([*pip, "wheel", *offline, "--no-build-isolation", "-w", folder, source], check=True)
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", *offline, wheel], check=True)
    [packages] = environment.glob("lib/*/site-packages")
    shared = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "shared.pth").write_text("\n".join(shared))
    return environment / "bin"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(requests_per_second=10_000)) as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path, sandbox: Sandbox) -> dict[str, str]:
    make_sqlite_shop(tmp_path / "shop.sqlite", days=2)
    (tmp_path / "channels.toml").write_text(CHANNEL)
    (tmp_path / "home").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "DAGSTER_HOME": str(tmp_path / "home"),
        "MIRAKL_BASE_URL": sandbox.base_url,
        "MIRAKL_TOKEN_URL": sandbox.token_url,
        "MIRAKL_CLIENT_ID": CREDENTIAL,
        "MIRAKL_CLIENT_SECRET": CREDENTIAL,
    }


def test_an_installed_wheel_checks_loads_and_delivers(
    programs: Path, environment: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    def call(*command: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 3), done.stderr + done.stdout
        return done

    where = call(programs / "python", "-c", "import pipelines; print(pipelines.__file__)").stdout
    assert where.startswith(str(programs.parent))
    call(programs / "mirakl-orders", "check")
    assert (tmp_path / "home" / "dagster.yaml").read_text() == (ROOT / "pipelines" / "dagster.yaml").read_text()
    call(programs / "python", "-m", "dagster", "definitions", "validate", "-m", "channel_to_mirakl")
    today = dt.date.today()
    days = ["--from", str(today - dt.timedelta(days=2)), "--to", str(today)]
    result = json.loads(call(programs / "mirakl-orders", "sync", "boutique", *days, "--json").stdout)
    assert result["delivered"] == len(sandbox.orders) > 0


def test_new_channel_finds_its_template(programs: Path, tmp_path: Path) -> None:
    subprocess.run([programs / "mirakl-orders", "new-channel", "mine"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "mine" / "platform.toml").is_file()
