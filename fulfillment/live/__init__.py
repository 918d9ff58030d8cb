"""The running decision: a view of the stock, one order decided on it, and many committed together."""
