"""A channel over a shop of one's own, a sandbox and a Dagster instance, for the tests of assets and commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from connectors.ledger import Ledger
from connectors.sandbox.server import CREDENTIAL, Sandbox, SandboxSettings
from pipelines import names
from pipelines.assets import asset_keys
from pipelines.automation import day_tags
from pipelines.build import build_definitions
from pipelines.config.settings import load_settings
from pipelines.names import MIRAKL_DELIVERY
from tests.own_shop import OwnShop
from tests.pipelines.once import once_per_process
from tests.pipelines.shell import DAY, NEXT

DELIVERY = dg.AssetKey(["own", MIRAKL_DELIVERY])


@pytest.fixture(scope="session", autouse=True)
def _once_per_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with once_per_process(tmp_path_factory.mktemp("dagster") / "home"):
        yield


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(requests_per_second=10_000)) as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path) -> OwnShop:
    return OwnShop(tmp_path / "shop")


@pytest.fixture
def environment(tmp_path: Path, sandbox: Sandbox, shop: OwnShop, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of a whole installation; channels.toml describes the shop."""
    (tmp_path / "channels.toml").write_text(shop.block())
    variables = {
        "CHANNELS_FILE": str(tmp_path / "channels.toml"),
        "MIRAKL_BASE_URL": sandbox.base_url,
        "MIRAKL_TOKEN_URL": sandbox.token_url,
        "MIRAKL_CLIENT_ID": CREDENTIAL,
        "MIRAKL_CLIENT_SECRET": CREDENTIAL,
        "LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "FRAMES_URL": str(tmp_path / "frames"),
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def orders(environment: dict[str, str], shop: OwnShop) -> OwnShop:
    """A shop with two orders on each of two days."""
    Path(environment["DAGSTER_HOME"]).mkdir()
    for day in (DAY, NEXT):
        for number in (1, 2):
            shop.order(f"{day}/{number}", f"{day} 12:00:00")
    return shop


class Runs:
    """Runs of the channel `own` on one instance, and what Dagster then says of its delivery."""

    def __init__(self, instance: dg.DagsterInstance, environment: dict[str, str]) -> None:
        self.instance, self.environment = instance, environment

    def definitions(self) -> dg.Definitions:
        return build_definitions(load_settings())

    def job(self, name: str, **options: Any) -> dg.ExecuteInProcessResult:
        job = self.definitions().resolve_job_def(name)
        config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, **options.pop("run_config", {})}
        return job.execute_in_process(instance=self.instance, raise_on_error=False, run_config=config, **options)

    def sync(self, first: str, last: str | None = None, channel: str = "own") -> dg.ExecuteInProcessResult:
        return self.job(names.sync_job(channel), tags=day_tags(first, last or first))

    def only(self, asset: str, day: str) -> dg.ExecuteInProcessResult:
        key = next(key for key in asset_keys("own") if key.path[-1] == asset)
        return self.job("sync_own", partition_key=day, asset_selection=[key])

    def days_done(self) -> set[str]:
        return set(self.instance.get_materialized_partitions(DELIVERY))

    def metadata(self, day: str, *, observed: bool = False, asset: str = MIRAKL_DELIVERY) -> dict[str, Any]:
        """Metadata of the newest materialisation (or observation) of a day."""
        fetch = self.instance.fetch_observations if observed else self.instance.fetch_materializations
        filters = dg.AssetRecordsFilter(asset_key=dg.AssetKey(["own", asset]), asset_partitions=[day])
        record = fetch(filters, limit=1).records[0]
        event = record.asset_materialization or record.event_log_entry.asset_observation
        assert event is not None
        return {name: value.value for name, value in event.metadata.items()}

    def observations(self) -> set[str | None]:
        records = self.instance.fetch_observations(DELIVERY, limit=100).records
        return {record.partition_key for record in records}

    def ledger(self) -> Ledger:
        return Ledger(self.environment["LEDGER_URL"])


@pytest.fixture
def runs(instance: dg.DagsterInstance, environment: dict[str, str]) -> Runs:
    return Runs(instance, environment)


def red(result: dg.ExecuteInProcessResult) -> set[str]:
    """Names of the checks that failed in a run."""
    return {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the one failed step says."""
    [event] = result.get_step_failure_events()
    data = event.step_failure_data.user_failure_data
    error = event.step_failure_data.error
    assert data is not None, error and error.to_string()
    return data.description or ""
