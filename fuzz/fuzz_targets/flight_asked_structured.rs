//! Tickets, handles, sessions and commands of Flight SQL that pass their checks, honest, changed and made up.

#![no_main]

use arrowlink_fuzz::asked::{Input, check};

libfuzzer_sys::fuzz_target!(|input: Input| check(&input));
