"""The panel at work: appointing, assigning, scoring, closing, locking.

assignment.py  who scores which clip, pure          interests.py  whom it must not be
services/      verbs: appointing and starting, the judge's acts on a sheet, closing and locking
access.py      what judges' pages are fetched through: their own sheets
"""
