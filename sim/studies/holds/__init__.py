"""How many times does one host hold a whole application?"""
