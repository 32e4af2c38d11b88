"""Writing to Mirakl Connect, and a sandbox that stands in for it."""
