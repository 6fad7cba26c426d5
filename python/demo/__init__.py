"""The plain gRPC client of ArrowLink, for people who want to see the wire.

It needs nothing but gRPC and an Arrow library: `channel` makes the TLS channel, `wire` turns payloads into a
table, `cut` turns batches into payloads, `client` makes the two calls, `cli` is the command line around them.
"""

import os

# gRPC's C core writes each failed handshake to standard error by itself; `diagnosis` says it once, in words.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
