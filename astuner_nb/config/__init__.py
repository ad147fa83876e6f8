"""Configuration files: read, check, explain. Understands AgentJet's files and passes on what belongs to its engines."""
