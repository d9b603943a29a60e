"""Measurements that ship with the model, a file a group."""
