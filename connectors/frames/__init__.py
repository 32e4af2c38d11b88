"""Order frames at rest: their Arrow tables and their Parquet files."""
