"""Messages to people: rows written in the caller's transaction, shown in the portal and sent by mail."""
