"""Ground floor: errors, fingerprints, registries, seeds, files and the contracts between floors."""
