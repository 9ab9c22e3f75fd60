"""People, units, roles, imports of the roster, and the trace of acts of power."""
