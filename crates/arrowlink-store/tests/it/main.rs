//! Behaviour of arrowlink-store at its public API.
