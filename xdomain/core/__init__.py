"""The lowest layer: errors, fingerprints, registries, seeds, files and the interfaces between layers."""
