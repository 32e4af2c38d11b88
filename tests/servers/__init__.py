"""Real database servers that the test run starts and stops itself.

Belongs here: finding the programs, starting and stopping them. Does not belong here: any schema.
"""
