"""Training stages by a command of the user's instead of the built-in trainer."""
