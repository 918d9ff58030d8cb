"""Use cases, one verb a file; each opens its own transactions through `run_in_transaction`."""
