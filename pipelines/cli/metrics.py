"""The command that serves metrics to Prometheus: metrics."""

from __future__ import annotations

import threading
from typing import cast

import click


@click.command(short_help="Serve metrics to Prometheus.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=9464, show_default=True, help="Port; 0 takes a free one."
)
def metrics(host: str, port: int) -> None:
    """Serve metrics of all channels to Prometheus, on http://HOST:PORT/metrics, until it is stopped.

    Each scrape reads the ledger and Dagster's records, and writes nothing; the shops are not asked. Needs the extra
    `metrics`. docs/metrics.md lists what there is.
    """
    try:
        from prometheus_client import CollectorRegistry, start_http_server
        from prometheus_client.registry import Collector
    except ImportError:
        raise click.ClickException(
            "prometheus-client is not installed, which serves the metrics; pip install 'channel-to-mirakl[metrics]'"
        ) from None
    from pipelines.runs.metrics import ChannelCollector

    registry = CollectorRegistry()
    registry.register(cast(Collector, ChannelCollector()))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None
    click.echo(f"http://{host}:{server.server_port}/metrics")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        # Being stopped is how it is meant to end.
        server.shutdown()
        thread.join()
