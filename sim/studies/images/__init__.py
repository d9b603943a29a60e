"""What images consist of, and what several of them share."""
