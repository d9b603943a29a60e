"""How long from a few tasks to hundreds?"""
