"""The measures of Decree 30/2020/NĐ-CP, appendix I, for both formats. Lengths in millimetres, letters in points.

The decree leaves ranges: A4; margins top and bottom 20-25, left 30-35, right 15-20; nation 12-13, motto 13-14,
bodies 12-13, number 13, place and date 13-14, title, body and signature 13-14, first line 10-12.7, recipients 11
under a heading of 12. Where nation is 12, motto and place are 13.
"""

TOP, BOTTOM, LEFT, RIGHT = 20, 20, 30, 15
A4 = (210, 297)
INDENT = 10
ISSUER_COLUMN, GUTTER = 73, 2
HEADER_FROM_EDGE = 10

NATION, MOTTO, ISSUER, NUMBER, PLACE = 12, 13, 12, 13, 13
TITLE, BODY, SIGNATURE = 14, 14, 14
RECIPIENTS_HEAD, RECIPIENTS = 12, 11
PAGE_NUMBER, TABLE, CAPTION = 13, 11, 13

# Liberation Serif has the widths of Times New Roman. Typst's own Libertinus Serif has all Vietnamese letters too.
FONT = "Times New Roman"
FONTS = ("Liberation Serif", "Libertinus Serif", "New Computer Modern")
