"""Magento 2 / Adobe Commerce rows to order frames.

What is peculiar here: a status is the merchant's word, its state is Magento's; composites are several rows; cancelled
units have no document; an order's number is unique in its store only; children of an order change without it.

Belongs here: Magento's own statuses and data structures. Does not belong here: Mirakl's, and anything a second
platform needs.
"""

from transforms.platforms.magento2.shape import shape
from transforms.platforms.magento2.states import STATUSES

__all__ = ["STATUSES", "shape"]
