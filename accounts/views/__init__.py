"""Pages about people: signing in, roles, and what went wrong."""
