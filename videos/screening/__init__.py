"""Accepting clips, sending them back, rejecting them."""
