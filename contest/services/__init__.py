"""What people do in a contest: several writes and their side effects, as verbs with keyword arguments."""
