"""Import of questions: `planner` compares a file with a bank, `service` applies it.

A row with a code is that question of the bank; a row without one is the question with the same text, or a new one
that gets the next code CH-0001, CH-0002 … A question that a scheduled round rests on can only come unchanged.
"""
