"""Pure functions: order frames in, Mirakl records and rejects out.

Belongs here: every rule about what an order *means*. Does not belong here: I/O, Dagster, httpx, SQLAlchemy.
"""
