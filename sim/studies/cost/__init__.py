"""What does it cost altogether?"""
