"""What is rendered from a frozen report: its page, its files and the documents that are signed."""
