"""From sheets to standings: combining, ranking, prizes, freezing, publishing."""
