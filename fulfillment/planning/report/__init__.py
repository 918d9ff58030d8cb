"""What a planner asks of a plan, as pages: a report of one, a comparison of several."""
