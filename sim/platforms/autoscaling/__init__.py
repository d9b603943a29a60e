"""Karpenter and the Cluster Autoscaler: nodes that come, and nodes that go."""
