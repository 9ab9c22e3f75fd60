"""From a received file to one that can be watched: hostile input in limited child processes, steps guarded by a lease."""
