"""Clips handed in by units and scored by a panel. Nothing is here yet: this is the room for it."""
