"""WooCommerce (HPOS) rows to order frames.

What is peculiar here: refunds are rows of the orders table and their items negative copies; all line and shipping
amounts are net, whatever the shop displays; amounts live as text in item meta, taxes per rate as serialised PHP;
shipments are plugin meta (serialised) or native tables whose times are wall time of the site.

Belongs here: WooCommerce's own statuses, keys and shapes. Does not belong here: Mirakl's, and what a second platform
needs.
"""

from transforms.platforms.woocommerce.shape import STATUSES, shape

__all__ = ["STATUSES", "shape"]
