"""What clusters that grow and shrink share."""
