"""All SQL, with its migrations."""
