"""The stubs of `proto/dataexchange.proto`; `cargo xtask gen` writes the modules in this package."""
