"""Message templates: restricted Liquid, checked statically, rendered without reaching out of plain data."""
