"""Charts made on the server: plain values in, accessible SVG and the table of the same values out."""
