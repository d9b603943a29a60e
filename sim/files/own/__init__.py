"""An app or an application of one's own, as data."""
