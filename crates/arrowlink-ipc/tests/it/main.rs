//! Behaviour of arrowlink-ipc at its public API.
