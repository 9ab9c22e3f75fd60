"""From a received file to one that can be watched: hostile input, limited child processes, guarded steps."""
