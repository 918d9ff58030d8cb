"""The HTTP service: thin. It reads a request, calls one use case, and says the answer in JSON."""
