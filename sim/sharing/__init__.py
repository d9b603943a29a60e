"""The sharing law: weighted max-min fairness with caps, hierarchical and exact."""
