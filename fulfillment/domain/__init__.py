"""The rules, without I/O: stock, orders, promises, policy. Standard library only."""
