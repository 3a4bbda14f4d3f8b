"""`relay ci`: files for continuous integration, from a pull request to production."""
