"""What can be called, a file a noun."""
