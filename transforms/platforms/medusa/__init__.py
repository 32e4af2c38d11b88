"""Medusa v2 rows to order frames.

What is peculiar here: lines are kept per version of the order; net amounts, taxes and totals are stored nowhere but
follow from prices that may include tax or not; the payment's state is not the order's but that of its payment
collections; what was given back is documents on one side and money on the other.

Belongs here: Medusa's own statuses and data structures. Does not belong here: Mirakl's, and anything a second
platform needs.
"""

from transforms.platforms.medusa.shape import STATUSES, shape

__all__ = ["STATUSES", "shape"]
