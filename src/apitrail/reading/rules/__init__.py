"""Rules that find what somebody wants to be told of: Sigma's, JMESPath, filters, and our own."""
