"""What every Kubernetes cluster has: pods, nodes, kubelets and a scheduler."""
