"""Calls as users write them: in an application of its own, or beside one in another dialect."""
