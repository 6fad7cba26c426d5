//! The server with the allocator of the system.
use clap::Parser as _;
fn main() -> std::process::ExitCode {
    arrowlink_server::run(arrowlink_server::Flags::parse())
}
