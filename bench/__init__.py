"""Measurements: what the portal does beside the least that could be done (`python -m bench`, `make bench`).

Every case is measured together with its floor, in the same run on the same server and data, so that a ratio
means the same on every machine. Everything stays on the loopback interface, in a temporary directory.
"""
