"""Amazon EKS: a Kubernetes control plane over nodes or Fargate."""
