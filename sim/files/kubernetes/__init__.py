"""Kubernetes manifests: what is applied, rendered or printed as YAML or JSON."""
