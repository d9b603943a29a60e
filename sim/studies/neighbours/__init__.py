"""What does a neighbour cost that asks for all it can get?"""
