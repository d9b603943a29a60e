"""Many sandboxes started at once on one host: the measured start storms of runtimes."""
