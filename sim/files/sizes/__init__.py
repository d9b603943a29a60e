"""Sizes by a ladder: the file, what was measured, the heap of a JVM, the image, an assumption."""
