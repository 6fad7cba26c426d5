//! Behaviour of arrowlink-query at its public API.
