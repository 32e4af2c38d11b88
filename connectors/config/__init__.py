"""Reading the TOML files and database addresses that users write."""
