//! Generated protobuf bindings.
