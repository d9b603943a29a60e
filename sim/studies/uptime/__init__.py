"""When is a whole application up, and who held it up?"""
