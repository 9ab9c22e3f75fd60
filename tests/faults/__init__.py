"""What the portal promises when something breaks or somebody attacks it; each with the fault shown to be real."""
