"""The ledger's tables and every statement that reads or changes them; the only SQL of the project."""
