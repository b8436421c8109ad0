"""Guards, which a call must pass before it leaves, and least privilege, in IAM's policy language."""
