"""Units' pages: a clip's entry, its file, handing it in."""
