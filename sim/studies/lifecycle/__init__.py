"""From a Dockerfile to a running container."""
