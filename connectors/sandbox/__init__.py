"""A strict stand-in for Mirakl Connect over real HTTP, for trying out and for tests."""
