"""The grammar file of the rule language and everything that is generated from it."""
