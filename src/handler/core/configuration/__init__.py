"""Configuration files: YAML 1.2, mistakes with their places, workspaces. Lazily in deliver."""
