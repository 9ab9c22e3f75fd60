"""Participation figures, pages and exports. Reads every app; nobody imports it."""
