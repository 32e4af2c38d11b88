"""Calling somebody: what is wrong now, told once to a webhook, and told again when it is right."""
