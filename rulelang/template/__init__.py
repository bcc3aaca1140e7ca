"""Message templates: restricted Liquid, checked statically."""
