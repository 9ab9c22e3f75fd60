"""Pages of requests and proposals: asking, recommending, proposing, deciding."""
