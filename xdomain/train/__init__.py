"""Training stages on TRL. The only floor that imports trl."""
