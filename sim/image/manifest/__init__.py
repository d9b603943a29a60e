"""What an image consists of, read from OCI and Docker manifests or the output of tools."""
