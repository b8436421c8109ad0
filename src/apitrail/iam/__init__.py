"""What IAM would authorise for a call: its actions, the resources they are on, and their context."""
