"""What does a user of services that call each other wait for, and which of them stops him?"""
