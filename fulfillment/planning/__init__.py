"""A day at once: scenario or ledger -> solver arrays -> plan, and the files that tell about it."""
