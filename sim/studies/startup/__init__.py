"""How soon is an app ready?"""
