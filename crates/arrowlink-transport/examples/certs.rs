//! Makes or checks the development certificates: `certs [--dir certs] [--check] [--expired DIR] [--wrong-host DIR]`.
//!
//! Exits with 1 when `--check` finds a problem and with 2 when the arguments are wrong.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arrowlink_core::Error;
use arrowlink_transport::certificates;

#[expect(clippy::print_stderr, reason = "a program for a person")]
fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(text) => {
            eprintln!("{text}\nusage: certs [--dir certs] [--check] [--expired DIR] [--wrong-host DIR]");
            return ExitCode::from(2);
        }
    };
    match arguments.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Arguments {
    dir: Option<PathBuf>,
    check: bool,
    expired: Option<PathBuf>,
    wrong_host: Option<PathBuf>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let mut folder =
                || words.next().map(PathBuf::from).ok_or_else(|| format!("`{word}` needs a folder"));
            match word.as_str() {
                "--check" => arguments.check = true,
                "--dir" => arguments.dir = Some(folder()?),
                "--expired" => arguments.expired = Some(folder()?),
                "--wrong-host" => arguments.wrong_host = Some(folder()?),
                _ => return Err(format!("`{word}` is not an option")),
            }
        }
        Ok(arguments)
    }

    #[expect(clippy::print_stdout, reason = "a program for a person")]
    fn run(self) -> Result<ExitCode, Error> {
        let dir = self.dir.as_deref().unwrap_or_else(|| Path::new("certs"));
        if self.check {
            let report = certificates::check(dir);
            println!("{report}");
            return Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        if let Some(dir) = &self.expired {
            println!("expired certificate: {}", certificates::expired(dir)?.cert.display());
        }
        if let Some(dir) = &self.wrong_host {
            println!("certificate for another host: {}", certificates::wrong_host(dir)?.cert.display());
        }
        if self.expired.is_none() && self.wrong_host.is_none() {
            let files = certificates::development(dir)?;
            println!("for clients: {}\n{}", files.ca.display(), certificates::check(dir));
        }
        Ok(ExitCode::SUCCESS)
    }
}
