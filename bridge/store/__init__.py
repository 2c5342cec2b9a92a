"""What is kept: customers and their people, passcodes, lists, records. SQLite by default, PostgreSQL by URL; the same code for both.

- **tables** the tables as they are now; **migrations** how a database of any age becomes so, run at every start
- **database** an open store: connections, transactions, and one kind of error
- **customers**, **people**, **passcodes**, **profiles**, **known_callers**, **blast_lists** who may do what, and
  **records**, **calls**, **audit** what was done: repositories, small classes over one connection each
- **names**, **messages** short recordings in the state directory, by way of **sounds**
- **journal** records that wait to be written: batches, patience, bounds; pure
- **worker** the one thread through which the running bridge reaches the store without ever waiting for it
- **issuance** new codes, told in clear once
- **secret** the key of the digests, kept beside the database and never in it
- **identity** ids that are unique across machines

Passcodes and counter-passwords are kept as keyed digests alone: whoever reads the database cannot call. Times are
seconds since 1970 (UTC), a number in either database and free of time zones.
"""
