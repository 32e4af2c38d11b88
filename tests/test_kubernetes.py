"""The values for Dagster's Helm chart say what deploy/dagster.yaml says, in the words that Dagster's launcher knows.

The chart itself is not at hand: no cluster and no `helm template` has seen these values.
"""

from __future__ import annotations

import re
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type

DEPLOY = Path(__file__).parents[1] / "deploy"
VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text())
INSTANCE: dict[str, Any] = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
[CODE] = VALUES["dagster-user-deployments"]["deployments"]
LAUNCHER = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
# What the chart puts under other names, or adds.
FROM_THE_CHART = {
    "service_account_name": "dagster",
    "instance_config_map": "dagster-instance",
    "postgres_password_secret": VALUES["global"]["postgresqlSecretName"],
    "dagster_home": "/opt/dagster/dagster_home",
}


@pytest.fixture(scope="module")
def dagster_k8s() -> ModuleType:
    """The package, imported only here: it takes a second, in each process of a test run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_module("dagster_k8s.job")
        return import_module("dagster_k8s")


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda match: f"_{match[0]}", name).lower()


def keys_in_snake_case(value: Any) -> Any:
    return {snake(key): keys_in_snake_case(one) for key, one in value.items()} if isinstance(value, dict) else value


def test_dagster_s_launcher_accepts_what_the_chart_makes_of_the_values(dagster_k8s: ModuleType) -> None:
    config = {snake(key): value for key, value in LAUNCHER.items()}
    config["run_k8s_config"] = {snake(key): value for key, value in LAUNCHER["runK8sConfig"].items()}
    accepted = resolve_to_config_type(dagster_k8s.K8sRunLauncher.config_type())
    read = process_config(accepted, {**config, **FROM_THE_CHART})
    assert read.success, read.errors
    misspelt = {**config, **FROM_THE_CHART, "resource": {}}
    assert not process_config(accepted, misspelt).success


def test_the_settings_of_a_runs_pod_are_in_kubernetes_own_terms(dagster_k8s: ModuleType) -> None:
    # Raises for a field that its model does not have.
    made = dagster_k8s.job.UserDefinedDagsterK8sConfig.from_dict(
        {
            "container_config": {"resources": LAUNCHER["resources"]},
            **{snake(key): value for key, value in LAUNCHER["runK8sConfig"].items()},
        }
    )
    assert made.pod_spec_config["termination_grace_period_seconds"] == 180


def test_the_daemon_keeps_the_limits_and_times_of_the_shipped_instance() -> None:
    daemon = VALUES["dagsterDaemon"]
    queue = daemon["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert keys_in_snake_case(queue) == INSTANCE["concurrency"]["runs"]
    monitoring = keys_in_snake_case(daemon["runMonitoring"])
    assert {key: monitoring[key] for key in INSTANCE["run_monitoring"]} == INSTANCE["run_monitoring"]
    retries = {snake(key): value for key, value in daemon["runRetries"].items()}
    assert retries == INSTANCE["run_retries"]
    for of in ("schedule", "sensor"):
        assert VALUES["retention"][of]["purgeAfterDays"] == INSTANCE["retention"][of]["purge_after_days"]
    assert VALUES["additionalInstanceConfig"]["freshness"] == INSTANCE["freshness"]
    assert VALUES["computeLogManager"]["type"] == INSTANCE["compute_logs"]["class"]


def test_runs_have_the_secrets_and_files_of_the_code_and_no_secret_is_in_the_values() -> None:
    assert CODE["includeConfigInLaunchedRuns"] == {"enabled": True}
    assert [mount["name"] for mount in CODE["volumeMounts"]] == [volume["name"] for volume in CODE["volumes"]]
    assert CODE["env"]["CHANNELS_FILE"].startswith(CODE["volumeMounts"][0]["mountPath"])
    text = (DEPLOY / "kubernetes" / "values.yaml").read_text()
    assert re.findall(r"(?im)^[^#\n]*(?:password|secret|token|_url): *\S*://\S*:\S*@", text) == []
    assert not VALUES["generatePostgresqlPasswordSecret"]
    assert "postgresqlPassword" not in VALUES["postgresql"]
