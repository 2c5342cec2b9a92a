"""The service's rules outside a call: passcodes, levels, guessing limits."""
