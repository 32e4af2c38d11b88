"""Reading shops: one reader for all, one folder of SQL per platform."""
