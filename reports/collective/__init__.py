"""Ranking units (xếp hạng tập thể): `computing` is pure, `inputs` reads, `freezing` stores, `awards` proposes."""
