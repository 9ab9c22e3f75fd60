"""The panel at work: appointing, assigning, scoring, closing, locking."""
