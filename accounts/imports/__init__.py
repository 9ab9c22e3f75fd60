"""Imports of tables that people keep in spreadsheets: read, plan, show, apply.

`tables` reads a CSV or XLSX file into rows, `columns` says what a cell may hold, `plan` is what an import
would change, `units` and `staff` are the two imports of this app. A planner compares the file with the
present state and writes nothing; the service plans again under a lock and writes everything or nothing.
"""
