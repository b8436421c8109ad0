"""What makes a release of a checkout: the package, its papers, and their trial."""
