"""What units report to the secretary after a round: writing, sending, returning, compiling, chasing."""
