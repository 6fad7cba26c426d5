//! The peers as whoever takes them from the shelf gets them: with the system's allocator.
//!
//! The same roles are in `arrowlink-bench`, with the allocator of ArrowLink's programs, so that what the allocator alone
//! gains a peer can be told too.

fn main() -> Result<(), arrowlink_benches::Failure> {
    arrowlink_benches::peer()
}
