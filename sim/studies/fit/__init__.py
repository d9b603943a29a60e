"""One's own figures: what the records of a cluster's starts tell, and how far off that is."""
