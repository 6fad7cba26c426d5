//! Bytes as ticket, as command, as the body of every action, as a prepared statement's handle and as a session.

#![no_main]

use arrowlink_fuzz::asked::{act_all, ask, ask_with_handle, ask_with_session};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ask(bytes);
    act_all(bytes);
    ask_with_handle(bytes);
    ask_with_session(bytes);
});
