"""What AWS clients must be told so that their calls go through a recorder, and none goes past it."""
