"""My own application: which platform, how many machines, what does it cost, how soon is it up?"""
