"""A contest to look at: synthetic units, people, rounds and attempts at the size of a real province.

Pure modules compute everything from the arguments (`plan`, `units`, `people`, `attempts` …); `loading` writes
it. Equal arguments give equal values, ids and secrets included, so records can be compared byte by byte.
"""
