"""One module per shop platform: its own rows in, order frames out."""
