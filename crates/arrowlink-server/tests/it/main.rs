//! Behaviour of arrowlink-server at its public API.
