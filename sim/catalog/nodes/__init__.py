"""EKS nodes: the node image, the kubelet and the VPC CNI as people set them, on every type."""
