"""The rules that others use, to be measured against: one rule a file."""
