"""What assets work with, opened when a step needs it, so that a wrong variable fails the step with its own message."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from connectors.frames.storage import FrameStorage
from connectors.ledger import Ledger
from connectors.mirakl.client import MiraklClient
from pipelines.config.blocks import MiraklLimits
from pipelines.config.environment import Environment
from pipelines.config.settings import Channel
from pipelines.runs.heartbeat import heartbeat
from transforms.errors import UserError

UNREACHABLE_RETRIES = 2
FIRST_WAIT_SECONDS = 10.0


@dg.resource(
    description=(
        "What this software keeps: the ledger at LEDGER_URL (what was delivered), the frames at FRAMES_URL (each day's "
        "orders). A run that uses it leaves a heartbeat every 15 seconds."
    )
)
def state(context: dg.InitResourceContext) -> Iterator[State]:
    """Open nothing yet; leave signs of life of the run, if there is one, until its resources are closed."""
    if context.run is None or context.instance is None:
        yield State()
        return
    with heartbeat(context.instance, context.run.run_id):
        yield State()


class State:
    """The state this software keeps: the ledger at LEDGER_URL, the frames at FRAMES_URL."""

    def frames(self) -> FrameStorage:
        """Open the storage of frames."""
        return FrameStorage(Environment().frames_url)

    @contextmanager
    def ledger(self, *channels: Channel) -> Iterator[Ledger]:
        """Open the ledger; for these channels it looks at the destination configured now.

        A broken block names no destination that counts: its channel is looked at as it was delivered to last.
        """
        environment = Environment()
        ledger = Ledger(environment.ledger_url)
        if ledger.was_made:
            dg.get_dagster_logger().warning(f"a new ledger was made: {ledger.address} (LEDGER_URL)")
        try:
            for channel in channels:
                if channel.fault is None:
                    ledger.look_at(channel.name, environment.destination(channel), channel.rivals)
            yield ledger
        finally:
            ledger.dispose()


class Mirakl:
    """Mirakl Connect at MIRAKL_BASE_URL and MIRAKL_TOKEN_URL, with a channel's credential."""

    @contextmanager
    def client(
        self, limits: MiraklLimits, credential: str | None = None, warn: Callable[[str], None] = lambda _: None
    ) -> Iterator[MiraklClient]:
        """Open a client; `warn` is called when Mirakl gives no answer for a while."""
        client = MiraklClient(Environment().mirakl(limits, credential), warn)
        try:
            yield client
        finally:
            client.close()


mirakl = dg.ResourceDefinition.hardcoded_resource(
    Mirakl(),
    description=(
        "Mirakl Connect: the Channel Platform API at MIRAKL_BASE_URL, with tokens of MIRAKL_TOKEN_URL for "
        "MIRAKL_CLIENT_ID and MIRAKL_CLIENT_SECRET. Environment variables are read when a step begins."
    ),
)


# By the names under which assets and jobs ask for them.
RESOURCES = {"state": state, "mirakl": mirakl}


@contextmanager
def failures_explained(channel: Channel, attempt: int = UNREACHABLE_RETRIES) -> Iterator[None]:
    """Turn what a user can cause into a failure with one message; only an unreachable shop is worth another try.

    A channel whose block is broken fails at once, with what is wrong with it.

    `attempt` counts from 0; without it nothing is tried again. Asked for here and not by a retry policy, because that
    would also try again what a signal has ended.
    """
    if channel.fault:
        raise dg.Failure(channel.fault, allow_retries=False)
    with user_errors_explained(attempt):
        yield


@contextmanager
def user_errors_explained(attempt: int = UNREACHABLE_RETRIES) -> Iterator[None]:
    """Do the same where no channel is meant."""
    try:
        yield
    except UserError as error:
        code = getattr(error, "code", type(error).__name__)
        if code == "unreachable" and attempt < UNREACHABLE_RETRIES:
            wait = FIRST_WAIT_SECONDS * 2**attempt
            # Dagster's log is not shown on the shell, where whoever waits must see why.
            logging.getLogger(__name__).warning(f"{error}; tried again in {wait:.0f} s")
            raise dg.RetryRequested(max_retries=UNREACHABLE_RETRIES, seconds_to_wait=wait) from None
        raise dg.Failure(str(error), metadata={"code": code}, allow_retries=False) from None
