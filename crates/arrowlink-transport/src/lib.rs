//! gRPC bodies and connections.
