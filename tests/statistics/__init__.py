"""How often the guards err and how soon they find harm: seeded worlds, beside the rules of others."""
