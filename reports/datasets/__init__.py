"""What a report says, as plain JSON: computed once in one snapshot of the database, and then only rendered."""
