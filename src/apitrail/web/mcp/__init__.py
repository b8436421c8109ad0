"""A trail for agents, by the Model Context Protocol: tools that read, and one that asks a person."""
