"""Trunks: the carriers and PBXs that calls go to and come from. Cores all; `bridge.attending` and `bridge.placing` are the edges.

- *trunk*: a carrier or PBX of the configuration (`config.trunks.Trunk`), with what is known of it now
- *up*: it answers our OPTIONS and holds our registration, as far as those are configured
- *target*: one server of a trunk, where the DNS names several (`sip.locating`)
- *round*: the same request at one target after the other, until one answers

- **trunk**, **trunks** one, and all: which may take a call, in which order; whose call comes in
- **trying** a round
- **registration** our REGISTER at a trunk: refreshed in time, repeated ever later where it fails
- **pinging** OPTIONS at a trunk, and what its answers say
- **presenting** who we say that calls: From, P-Asserted-Identity, Privacy
- **callers** who calls us, from what a trunk writes
"""
