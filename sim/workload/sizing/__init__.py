"""What a program was seen to use, and the size that a published rule gives it for that."""
