"""Requests on their way through the parts of an application."""
