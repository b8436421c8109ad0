"""A test suite whose AWS calls are recorded, and tests that assert on them."""
