//! Peers as processes of their own: started, asked for their address, measured, ended.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::process::{Child, Command, Stdio};

use crate::Failure;

/// A running peer that is ended when this is dropped.
pub(crate) struct Peer {
    child: Child,
    /// The first line that the peer printed.
    pub(crate) first_line: String,
}

impl Peer {
    /// Starts `command` and waits for the first line on its standard output.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut log = tempfile::tempfile()?;
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let mut first_line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut first_line)?;
        }
        let peer = Self { child, first_line };
        if peer.first_line.is_empty() {
            let mut words = String::new();
            log.rewind()?;
            log.read_to_string(&mut words)?;
            return Err(format!("{command:?} ended before it said where it listens: {words}").into());
        }
        Ok(peer)
    }

    /// Returns the port behind the last colon of the first line.
    pub(crate) fn port(&self) -> Result<u16, Failure> {
        let after_colon = self.first_line.trim().rsplit(':').next().unwrap_or_default();
        let digits: String = after_colon.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().map_err(|_| format!("no port in `{}`", self.first_line.trim()).into())
    }

    /// Returns the most memory that the peer has held so far, in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no VmHWM in the peer's status")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
