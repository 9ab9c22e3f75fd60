"""Official documents in the layout of Decree 30/2020/NĐ-CP: one model of values, written as DOCX and as PDF."""
