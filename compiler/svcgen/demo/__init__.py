"""The demonstration: the shop example, compiled, run and called as a user would, shown on one screen."""
