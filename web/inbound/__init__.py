"""What other systems send us in their own way: verified, mapped to our events, taken like any others."""
