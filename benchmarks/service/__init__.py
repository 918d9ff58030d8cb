"""The service under load: a real server, a real database, and a client in a process of its own.

`python -m benchmarks.service --help` says how to run it.
"""
