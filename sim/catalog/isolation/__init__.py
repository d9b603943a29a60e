"""What fails, who notices, and what neighbours share: figures of faults and isolation."""
