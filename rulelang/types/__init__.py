"""Types of values and the workspace's schema."""
