//! Behaviour of arrowlink-core at its public API.
