//! Behaviour of arrowlink-transport at its public API.
