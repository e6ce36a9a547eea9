"""YAML and JSON documents to domain objects and back. The only parsing."""
