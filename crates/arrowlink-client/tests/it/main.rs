//! Behaviour of arrowlink-client at its public API.
