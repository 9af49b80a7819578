"""Running a plan: a scheduler that starts workers, and workers that know stages by module name alone."""
