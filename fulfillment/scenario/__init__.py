"""A retailer's day as a folder of tables: read, validate, write and generate."""
