"""Who may see which byte of which file; player and gallery."""
