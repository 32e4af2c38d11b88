"""Posting a message to an incoming webhook: `{"text": ...}`, as Slack and what is compatible with it expect."""

from __future__ import annotations

import logging

import httpx

from transforms.errors import UserError

TIMEOUT_SECONDS = 5.0
# The address is a secret, and httpx logs the address of every request.
logging.getLogger("httpx").setLevel(logging.WARNING)


class WebhookError(UserError):
    """The message was not accepted. The error says why, and never the address."""


def post(url: str, text: str) -> None:
    """Post a message.

    Raises:
        WebhookError: the webhook cannot be reached, takes too long, or answers with anything but a 2xx.
    """
    try:
        with httpx.stream("POST", url, json={"text": text}, timeout=TIMEOUT_SECONDS) as answer:
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WebhookError(f"cannot be reached ({type(error).__name__})") from None
    if not httpx.codes.is_success(status):
        raise WebhookError(f"answers HTTP {status}")
