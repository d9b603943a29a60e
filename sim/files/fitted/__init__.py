"""What was fitted to somebody's own records, in a file that other verbs take."""
