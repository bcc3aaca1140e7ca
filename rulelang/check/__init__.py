"""From syntax tree to checked rules: phrases, names, types, flow."""
