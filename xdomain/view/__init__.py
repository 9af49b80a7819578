"""`xdomain view`: the answers of a store on a local page."""
