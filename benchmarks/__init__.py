"""How fast, and how good: build of the problem, one decision, a whole plan. Quality stands beside time."""
