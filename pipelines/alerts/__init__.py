"""Calling somebody: what is wrong now, posted once to a webhook, and once more when it is resolved."""
