"""Personal data: the register of every column, a person's own copy, erasure. Reads every app; nobody imports it."""
