"""Shops made up for trying the software out, in the platforms' true tables.

Belongs here: their data and how it is written. Does not belong here: anything that the software itself needs.
"""
