"""The outside world: shop databases (`channels`), Mirakl Connect (`mirakl`) and the delivery ledger.

Belongs here: everything that reads or writes. Does not belong here: Dagster, and rules about what an order means.
"""
