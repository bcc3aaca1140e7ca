"""The pages that explain each code: what it means, a wrong example and a right one, in files by group of codes."""
