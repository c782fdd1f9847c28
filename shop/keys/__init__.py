"""The keys of the installation: which value uses which, and moving all of them to the newest."""
