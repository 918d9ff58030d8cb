"""What each table of a scenario must hold, one file a table."""
