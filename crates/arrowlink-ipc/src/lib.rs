//! Arrow IPC without I/O.
