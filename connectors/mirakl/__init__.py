"""Writing to Mirakl Connect."""
