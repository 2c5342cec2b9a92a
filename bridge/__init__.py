"""The conference service on top of `sip`, `media` and `prompts`."""
