"""Records of starts and of use, as AWS, Kubernetes, Docker and their tools write them."""
