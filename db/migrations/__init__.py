"""The history of the schema. Run as the owner, never as the application."""
