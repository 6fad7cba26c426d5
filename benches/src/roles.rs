//! What a process of a measurement is: one server, or one client.

mod clients;
mod datafusion_process;
mod our_client;
mod raw;
mod sink;
mod sql_clients;
mod stock_client;
mod stock_server;
mod stock_sql_client;
mod stock_sql_server;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::Failure;

/// The hidden subcommands that the bench starts itself and the peers by.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Role {
    /// Serves bytes over a plain socket: the peer that nothing can be faster than.
    #[command(hide = true)]
    RawServer {
        /// How many bytes each connection gets.
        #[arg(long)]
        bytes: u64,
        /// The Unix socket to listen on; without it a free port.
        #[arg(long)]
        socket: Option<PathBuf>,
    },
    /// Takes what ArrowLink's clients write, and keeps nothing.
    #[command(hide = true)]
    SinkServer,
    /// Reads from the raw server.
    #[command(hide = true)]
    RawClient(ClientArguments),
    /// Serves a table with arrow-flight as it comes.
    #[command(hide = true)]
    StockServer {
        /// The Arrow file to serve.
        #[arg(long)]
        table: PathBuf,
        /// The folder of `server.crt` and `server.key`; without it plaintext.
        #[arg(long)]
        certs: Option<PathBuf>,
    },
    /// Reads or writes with arrow-flight's own client.
    #[command(hide = true)]
    StockClient(ClientArguments),
    /// Reads, writes or exchanges with ArrowLink's client.
    #[command(hide = true)]
    Client(ClientArguments),
    /// Reads the table over many connections of ArrowLink's client at once.
    #[command(hide = true)]
    Readers {
        #[command(flatten)]
        client: ClientArguments,
        /// How many connections.
        #[arg(long)]
        count: usize,
    },
    /// Begins to read the table over one more connection for each turn, and stops after the first batch.
    #[command(hide = true)]
    StoppedReader(ClientArguments),
    /// Answers queries over a folder of Parquet files with DataFusion, in this process.
    #[command(hide = true)]
    Datafusion {
        /// The folder.
        #[arg(long)]
        tables: PathBuf,
    },
    /// Serves the results of queries over a folder of Parquet files with arrow-flight as it comes.
    #[command(hide = true)]
    StockSqlServer {
        /// The folder.
        #[arg(long)]
        tables: PathBuf,
    },
    /// Asks queries with arrow-flight's own client.
    #[command(hide = true)]
    StockSqlClient {
        /// Where the server is.
        #[arg(long)]
        uri: String,
    },
    /// Asks queries with ArrowLink's client.
    #[command(hide = true)]
    SqlClient {
        /// Where the server is.
        #[arg(long)]
        uri: String,
    },
    /// Asks short queries over many connections of ArrowLink's client at once.
    #[command(hide = true)]
    SqlClients {
        /// Where the server is.
        #[arg(long)]
        uri: String,
        /// How many connections.
        #[arg(long)]
        count: usize,
        /// How many queries each of them asks in a turn.
        #[arg(long)]
        each: usize,
    },
}

impl Role {
    /// Plays the role until its input ends or the process is ended.
    pub(crate) fn play(self) -> Result<(), Failure> {
        match self {
            Self::RawServer { bytes, socket } => raw::serve(bytes, socket.as_deref()),
            Self::SinkServer => sink::serve(),
            Self::RawClient(client) => raw::take_turns(&client.uri),
            Self::StockServer { table, certs } => stock_server::serve(&table, certs.as_deref()),
            Self::StockClient(client) => stock_client::take_turns(&client),
            Self::Client(client) => our_client::take_turns(&client),
            Self::Readers { client, count } => clients::read_at_once(&client, count),
            Self::StoppedReader(client) => clients::stop_reading(&client),
            Self::Datafusion { tables } => datafusion_process::answer(&tables),
            Self::StockSqlServer { tables } => stock_sql_server::serve(&tables),
            Self::StockSqlClient { uri } => stock_sql_client::ask(&uri),
            Self::SqlClient { uri } => sql_clients::ask(&uri),
            Self::SqlClients { uri, count, each } => sql_clients::ask_at_once(&uri, count, each),
        }
    }
}

/// What every client is told.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClientArguments {
    /// Where the server is.
    #[arg(long)]
    pub(crate) uri: String,
    /// What a turn is.
    #[arg(long, value_enum, default_value_t = Work::Read)]
    pub(crate) work: Work,
    /// The Arrow file that is served, and written.
    #[arg(long)]
    pub(crate) table: PathBuf,
    /// The certificate of the server's CA.
    #[arg(long)]
    pub(crate) ca: Option<PathBuf>,
}

/// What one turn of a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Reads the whole table.
    Read,
    /// Writes the whole table.
    Write,
    /// Sends a small batch and waits for it to come back, many times over one open call.
    Exchange,
}

impl Work {
    /// Returns its name on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Exchange => "exchange",
        }
    }
}

/// The name that tables are served under.
pub(crate) const TABLE: &str = "table";
/// The name that clients write to.
pub(crate) const UPLOADS: &str = "written";
/// The rows of a batch that is sent to and fro.
pub(crate) const EXCHANGED_ROWS: usize = 32;
/// The round trips of one turn.
pub(crate) const ROUND_TRIPS: usize = 2_000;
