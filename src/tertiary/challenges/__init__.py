"""What a commissioner questions about what a provider charged: raised by rules, answered, settled."""
