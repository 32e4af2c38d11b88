"""What others use for the same work, each in an environment of its own: what is measured is their way of moving orders.

Each takes the shop's database and the receiver's address, makes the floor's payloads and posts them by the hundred; none
checks, spreads, retries or remembers.
"""
