"""Contests, rounds, questions, attempts; closing, ranking and the public record."""
