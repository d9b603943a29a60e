"""How soon is each of many sandboxes up when they start at once?"""
