"""How many fit on one machine?"""
