//! What can be said on the command line. Parsed by clap, which answers `--help` and wrong usage (exit code 2).

use std::path::PathBuf;
use std::time::Duration;

use arrowlink_core::Name;
use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::format::Format;

/// Tables from and to an ArrowLink server.
#[derive(Debug, Parser)]
#[command(name = "arrowlink", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which server, and how it is reached.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// The server: `https://HOST:PORT`, or `unix:///PATH` on the same machine
    #[arg(
        long,
        global = true,
        value_name = "URI",
        env = "ARROWLINK_URI",
        default_value = "https://localhost:50051"
    )]
    pub(crate) server: String,
    /// The certificate of the CA that signed the server's
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ARROWLINK_CA_CERT",
        default_value = "certs/ca.crt"
    )]
    pub(crate) ca: PathBuf,
    /// Allow `http://` to a server on this machine that runs with `--insecure`
    #[arg(long, global = true)]
    pub(crate) insecure: bool,
    /// How long all of it may take, as in `30` or `30s`, `500ms`, `5m`, `1h` [default: as long as rows keep coming]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows the first rows of a dataset
    #[command(after_help = HEAD_HELP)]
    Head(Head),
    /// Reads a dataset into a file
    #[command(after_help = GET_HELP)]
    Get(Get),
    /// Appends a file to a dataset, which is created where there is none
    #[command(after_help = PUT_HELP)]
    Put(Put),
    /// Makes up demonstration data, the same for the same seed; needs no server
    #[command(after_help = GENERATE_HELP)]
    Generate(Generate),
}

/// `arrowlink head`
#[derive(Debug, ClapArgs)]
pub(crate) struct Head {
    /// The dataset
    pub(crate) name: Name,
    /// How many rows
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub(crate) rows: u64,
    /// Cut the table to that many characters per line [default: what fits the terminal; a pipe gets all]
    #[arg(long, value_name = "CHARACTERS")]
    pub(crate) width: Option<usize>,
}

/// `arrowlink get`
#[derive(Debug, ClapArgs)]
pub(crate) struct Get {
    /// The dataset
    pub(crate) name: Name,
    /// The file, whose ending says its format; `-` for standard output, with `--format`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The format, where the ending of the file does not say it
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
}

/// `arrowlink put`
#[derive(Debug, ClapArgs)]
pub(crate) struct Put {
    /// The dataset
    pub(crate) name: Name,
    /// The file, whose ending says its format
    pub(crate) file: PathBuf,
    /// The format, where the ending of the file does not say it
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
}

/// `arrowlink generate`
#[derive(Debug, ClapArgs)]
pub(crate) struct Generate {
    /// How many rows
    #[arg(long, value_name = "N")]
    pub(crate) rows: u64,
    /// From which seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The file, whose ending says its format [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The format, where the ending of the file does not say it [default on standard output: json]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("`{text}` is not a time: use a number and `ms`, `s`, `m` or `h`");
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(invalid()),
    };
    let number: f64 = number.parse().map_err(|_| invalid())?;
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(invalid()),
    }
}

const AFTER_HELP: &str = "\
Examples:
  arrowlink head trips                       the first rows of `trips`
  arrowlink get trips -o trips.parquet       all of it, into a file
  arrowlink put trips more.csv               more of it, from a file
  arrowlink generate --rows 1000 -o demo.parquet

Formats: parquet, csv, arrow (Arrow IPC file, Feather), json (one array of objects, for pandas.read_json and
polars.read_json), ndjson (one object per line, also .jsonl, for pyarrow.json and polars.scan_ndjson).

Exit codes:
    0  done
    1  failed otherwise
    2  wrong usage of the command line
   65  the data is wrong: a damaged file, another schema than the dataset's, a type the format does not have
   66  there is no such dataset or input file
   69  the server cannot be reached or did not answer in time
   73  the output file cannot be written
   77  not permitted
   78  wrong configuration: the address of the server or the CA file
  129, 130, 143  ended by a signal: the terminal was closed, Ctrl-C, a request to terminate";

const HEAD_HELP: &str = "\
Examples:
  arrowlink head trips
  arrowlink head sales.orders -n 50
  arrowlink head trips --server https://data.example.com:50051 --ca company-ca.crt";

const GET_HELP: &str = "\
The file is written aside and takes its place when it is whole: a read that fails or is interrupted leaves
what was there before.

Examples:
  arrowlink get trips -o trips.parquet
  arrowlink get trips -o - --format csv | gzip > trips.csv.gz";

const PUT_HELP: &str = "\
All of the file is appended, or nothing of it. CSV and JSON have no types of their own: columns get those of
the dataset where it is there and has the same columns; else the whole file is read once more to find them.

Examples:
  arrowlink put trips trips.parquet
  arrowlink put logs today.jsonl
  arrowlink put trips export.txt --format csv";

const GENERATE_HELP: &str = "\
Columns: id int64, timestamp in ms, value float64, category string, is_valid bool.

Examples:
  arrowlink generate --rows 5
  arrowlink generate --rows 1000000 --seed 7 -o demo.parquet";
