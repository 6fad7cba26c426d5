//! Bodies of `ArrowData` in any pieces, honest, damaged and made up, into uploads.

#![no_main]

use arrowlink_fuzz::call::{Input, Method, check};

libfuzzer_sys::fuzz_target!(|input: Input| check(Method::SendArrowData, &input));
