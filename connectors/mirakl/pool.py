"""Threads that post requests: bytes in, answers out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from connectors.mirakl.client import MiraklClient
from connectors.mirakl.errors import MiraklError
from connectors.mirakl.sending import Answer, Request


class Pool:
    """Posts requests with one client, `threads` at a time. Left once all are answered.

    `may_send` is asked at the last moment before each request leaves; `interrupt` ends the waiting between repeats.
    """

    def __init__(
        self, client: MiraklClient, threads: int, interrupt: threading.Event, may_send: Callable[[], bool]
    ) -> None:
        self._client, self._interrupt, self._may_send = client, interrupt, may_send
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="mirakl")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is under way."""
        self._executor.shutdown()

    def post(self, request: Request, answered: Callable[[Answer | BaseException], None]) -> None:
        """Post a request; `answered` is called in the pool's thread, with what was raised where it is no answer."""
        self._executor.submit(self._post, request, answered)

    def _post(self, request: Request, answered: Callable[[Answer | BaseException], None]) -> None:
        try:
            self._client.post_orders(
                request.body, budget=request.budget, interrupt=self._interrupt, may_send=self._may_send
            )
        except MiraklError as error:
            answered(error)
        except BaseException as error:
            answered(error)
        else:
            answered(None)
