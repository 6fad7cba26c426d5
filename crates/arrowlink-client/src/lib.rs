//! A data service over a connection.
