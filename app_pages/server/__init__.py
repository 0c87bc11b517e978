"""What a server keeps for all visitors, and what it takes at most."""
