"""How a change reaches people: plans, phases, epochs, states. Pure."""
