"""Running code that a model wrote: isolated, limited, and killed when it overstays."""
