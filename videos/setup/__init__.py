"""Organisers' pages of a clip contest: dates, limits, genres, prizes, rubrics."""
