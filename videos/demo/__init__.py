"""The demo's clips: one contest whose result is public, one that is being scored, and the quiz contest's own."""
