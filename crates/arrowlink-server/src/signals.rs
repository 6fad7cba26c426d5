//! What the operating system asks of the program: to end, to end now, to read its certificates again.
//!
//! Signals are only told apart here; what is done about them stands in [`program`](crate::program). They are listened
//! to before anything is opened, so that none is lost while a large dataset is loaded.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals a server listens to, from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Ctrl-C: end, politely at the first time, at once at the second.
    Interrupt,
    /// SIGTERM: end, politely.
    Terminate,
    /// SIGHUP: read the certificates again.
    Reload,
}

impl Signals {
    /// Begins to listen; from now on none of them ends the process by itself.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal. Cancel safe.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
            _ = self.hangup.recv() => Asked::Reload,
        }
    }

    /// Waits until the end is asked for. Cancel safe.
    pub(crate) async fn end(&mut self) {
        while self.next().await == Asked::Reload {}
    }
}
