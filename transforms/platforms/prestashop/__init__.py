"""PrestaShop rows to order frames.

What is peculiar here: a status is a number that differs from shop to shop, so its part is looked up in the shop's
configuration and, for states of modules and merchants, in their flags; money is stored with and without tax, and the
tax of a line is their difference, split over the taxes that apply; vouchers are rows beside the lines, free shipping
and gifts included; every time is wall time of the shop's zone.

Belongs here: PrestaShop's own statuses and data structures. Does not belong here: Mirakl's, and anything a second
platform needs.
"""

from transforms.platforms.prestashop.shape import shape
from transforms.platforms.prestashop.states import STATUSES

__all__ = ["STATUSES", "shape"]
