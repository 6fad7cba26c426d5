//! Behaviour of arrowlink-cli at its public API.
