"""What somebody proposes and an organiser decides: accounts, unit corrections, staff, headcounts."""
