//! Servers as processes of their own: started, asked for their address and memory, ended.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::process::{Child, Command, Stdio};

use crate::Failure;

/// A running server that is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct PeerProcess {
    child: Child,
    first_line: String,
}

impl PeerProcess {
    /// Starts `command` and waits for the first line on its standard output.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut log = tempfile::tempfile()?;
        let mut child = command
            .stdin(Stdio::null())
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
            let words = words.trim();
            // The last line first: tables have room for no more.
            let last = words.lines().last().unwrap_or("it said nothing");
            return Err(format!("{last}: {command:?} ended before it listened; all it said:\n{words}").into());
        }
        Ok(peer)
    }

    /// Returns the first port that the first line names; 0 where the server listens on none.
    pub(crate) fn port(&self) -> u16 {
        let parts = self.first_line.split(':').skip(1);
        let digits = parts
            .map(|part| part.find(|letter: char| !letter.is_ascii_digit()).map_or(part, |end| &part[..end]));
        digits.filter_map(|digits| digits.parse().ok()).next().unwrap_or(0)
    }

    /// Returns the memory that the server holds now, in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64, Failure> {
        self.status_mib("VmRSS:")
    }

    /// Returns the most memory that the server has held since it started or [`forget_peak`](Self::forget_peak) was
    /// called, in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64, Failure> {
        self.status_mib("VmHWM:")
    }

    /// Makes the kernel count the peak from now on.
    pub(crate) fn forget_peak(&self) -> Result<(), Failure> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    fn status_mib(&self, key: &str) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).ok_or_else(|| format!("no `{key}` in the peer's status"))?;
        Ok(kib.parse::<f64>()? / 1024.0)
    }
}

impl Drop for PeerProcess {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
