//! Behaviour of arrowlink-store at its public API.

mod crash;
mod damage;
mod dictionaries;
mod folder;
mod full_disk;
mod idempotency;
mod positions;
mod removal;
mod round_trip;
mod support;
mod uploads;
