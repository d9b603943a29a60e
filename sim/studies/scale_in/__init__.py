"""How soon are the machines gone again?"""
