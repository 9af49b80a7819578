"""Statistics of alarms: the looks at dev items that a stage can afford, and what they decide."""
