//! Bodies of `FlightData` in any pieces, honest, damaged and made up, into uploads and exchanges.

#![no_main]

use arrowlink_fuzz::call::{Input, Method, check};

libfuzzer_sys::fuzz_target!(|input: (bool, Input)| {
    let (is_exchange, input) = input;
    check(if is_exchange { Method::DoExchange } else { Method::DoPut }, &input);
});
