"""Pictures of rules, drawn from their plans: steps in order, branches side by side, the way that a run took."""
