"""EC2 instance types: the table, the user's own types, and the machines made of them."""
