"""Clips in reports: what the panel signs, lists of clips as files, and the clips' part of the final report."""
