"""Alerts while a recorder works: rules over committed entries, and the delivery of what they find."""
