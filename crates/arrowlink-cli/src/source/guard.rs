//! Keeps the panics of decoders, which damaged bytes can cause, off the terminal: they are a failure of the file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// Runs a decoder; `None` where it panicked, of which nothing is printed. It must not be used again then.
pub(super) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                usual(panic);
            }
        }));
    });
    GUARDED.set(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(false);
    decoded.ok()
}

thread_local! {
    /// Whether this thread decodes a file at the moment.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The hook is for the whole process and is set once.
static HOOK: Once = Once::new();
