"""Who can serve whom, by when, at what price: nodes, lanes, rates and departures as compact arrays."""
