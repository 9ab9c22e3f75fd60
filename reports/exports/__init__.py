"""File formats of exports: tables in, one whole and safe file out."""
