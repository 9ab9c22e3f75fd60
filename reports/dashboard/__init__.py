"""The dashboard: a round while it runs, the rounds of a contest side by side, in figures and pictures."""
