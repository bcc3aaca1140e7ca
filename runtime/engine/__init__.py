"""The engine: what surrounds the machine with durability, time and delivery."""
