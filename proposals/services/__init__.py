"""Verbs that write: asking, recommending, deciding, proposing."""
