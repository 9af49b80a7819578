"""`xdomain view`: show the answers of a store on a local page."""
