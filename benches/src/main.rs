//! The program that `cargo xtask bench` runs: measures, and is ArrowLink's client in what it measures.
//!
//! It has the allocator that ArrowLink's own programs have; the peers have the program `arrowlink-peer`.

fn main() -> Result<(), arrowlink_benches::Failure> {
    arrowlink_benches::bench()
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
