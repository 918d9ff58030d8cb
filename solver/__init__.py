"""Allocation of orders to nodes: arrays in, arrays out.

Knows no database, no web and no files. `problem` says what is solved, `order_kernel` solves one order
exactly at given prices, `solve` plans a batch.
"""
