"""How a real indexamajig is driven: its arguments, its input, its processes, and what it says."""
