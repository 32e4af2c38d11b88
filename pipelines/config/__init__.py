"""channels.toml and environment variables, judged."""
