"""What is signed, a module for each document: `report`, `decision`, `minutes`; `winners` and `words` are shared.

Official documents are Vietnamese in whatever language the portal is read, so nothing here asks gettext. A figure is
never typed twice: every sentence is made from what was frozen.
"""
