"""Lists of virtual machines as tools export them, read into an inventory."""
