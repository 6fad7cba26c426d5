//! What can be said on the command line. Parsed by clap, which answers `--help` and wrong usage (exit code 2).

mod help;
mod token;

use std::path::PathBuf;
use std::time::Duration;

use arrowlink_core::Name;
use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::format::{Format, Shape};
use help::{
    AFTER_HELP, GENERATE_HELP, GET_HELP, HEAD_HELP, LS_HELP, PUT_HELP, QUERY_HELP, RM_HELP, SHOW_HELP,
};
use token::Token;

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
    /// A token for a server that wants to know who asks; others on this machine see it unless the variable has it
    #[arg(long, global = true, value_name = "TOKEN", env = "ARROWLINK_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<Token>,
    /// Allow `http://` to a server on this machine that runs with `--insecure`
    #[arg(long, global = true)]
    pub(crate) insecure: bool,
    /// How long all of it may take, as in `30` or `30s`, `500ms`, `5m`, `1h` [default: as long as rows keep coming]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists what there is
    #[command(after_help = LS_HELP)]
    Ls(Ls),
    /// Shows what is known of a dataset without reading it: its columns and types, sizes, where it comes from
    #[command(after_help = SHOW_HELP)]
    Show(Show),
    /// Shows the first rows of a dataset
    #[command(after_help = HEAD_HELP)]
    Head(Head),
    /// Reads a dataset into a file
    #[command(after_help = GET_HELP)]
    Get(Get),
    /// Appends a file to a dataset, which is created where there is none
    #[command(after_help = PUT_HELP)]
    Put(Put),
    /// Removes datasets that were put there; never what is served from files
    #[command(after_help = RM_HELP)]
    Rm(Rm),
    /// Shows the result of a SQL statement, or writes it into a file
    #[command(after_help = QUERY_HELP)]
    Query(Query),
    /// Makes up demonstration data, the same for the same seed; needs no server
    #[command(after_help = GENERATE_HELP)]
    Generate(Generate),
}

/// `arrowlink ls`
#[derive(Debug, ClapArgs)]
pub(crate) struct Ls {
    /// Only names that begin with this
    pub(crate) prefix: Option<String>,
    /// One array of objects, for programs
    #[arg(long)]
    pub(crate) json: bool,
    /// Cut lines to that many characters [default: what fits the terminal; a pipe gets all]
    #[arg(long, value_name = "CHARACTERS")]
    pub(crate) width: Option<usize>,
}

/// `arrowlink show`
#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// The dataset
    pub(crate) name: Name,
    /// One object, for programs
    #[arg(long)]
    pub(crate) json: bool,
    /// Cut lines to that many characters [default: what fits the terminal; a pipe gets all]
    #[arg(long, value_name = "CHARACTERS")]
    pub(crate) width: Option<usize>,
}

/// `arrowlink rm`
#[derive(Debug, ClapArgs)]
pub(crate) struct Rm {
    /// The datasets
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<Name>,
    /// Remove without a question
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `arrowlink query`
#[derive(Debug, ClapArgs)]
pub(crate) struct Query {
    /// The statement; `-` reads it from standard input
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub(crate) sql: Option<String>,
    /// The file with the statement
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The format [default: what the ending of --output says, a table on a terminal, csv in a pipe]
    #[arg(short, long, value_enum)]
    pub(crate) format: Option<Shape>,
    /// The file, whose ending says its format [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The value of $1, and of $2 where it is given again, and so on
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) param: Vec<String>,
    /// The most rows to show or write [default: 100 in a table, all in another format]
    #[arg(long, value_name = "N")]
    pub(crate) max_rows: Option<u64>,
    /// Cut the table to that many characters per line [default: what fits the terminal; a pipe gets all]
    #[arg(long, value_name = "CHARACTERS")]
    pub(crate) width: Option<usize>,
    /// Do not say how many rows there were and how long they took
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// `arrowlink head`
#[derive(Debug, ClapArgs)]
pub(crate) struct Head {
    /// The dataset
    pub(crate) name: Name,
    /// How many rows
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub(crate) rows: u64,
    /// Only these columns, in this order
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
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
    /// Only these columns, in this order
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Only the first N rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
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
