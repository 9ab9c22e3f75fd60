"""The tus 1.0 server: unfinished files in UPLOAD_DIR, one row per upload, locked by every request."""
