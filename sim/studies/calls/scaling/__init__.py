"""A rate that changes, and the autoscalers that answer it."""
