//! Parsing `postgres://user@host:port/database/schema.table`.
//!
//! The URI is that of PostgreSQL's own tools with one more part of the path. What it may not hold is a password.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use arrowlink_core::{Error, ErrorKind, Result};
use percent_encoding::percent_decode_str;

/// Where a database is, and which of its tables is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) user: Option<String>,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) database: String,
    /// `None` is all of them.
    pub(crate) table: Option<TableName>,
}

/// The machine, or the folder of the socket on this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Tcp(String),
    Unix(PathBuf),
}

/// A table and its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableName {
    pub(crate) schema: String,
    pub(crate) table: String,
}

impl Address {
    /// Reads `uri`.
    ///
    /// Fails with `InvalidArgument`, which says what is wrong; where there is a password in it, without quoting it.
    pub(crate) fn parse(uri: &str) -> Result<Self> {
        let rest = SCHEMES.iter().find_map(|scheme| uri.strip_prefix(scheme)).ok_or_else(|| unlike(uri))?;
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').ok_or_else(|| unlike(uri))?;
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(password());
        }
        let mut given = Given { user: decoded(user)?, host: None, port: None };
        given.take_place(uri, place)?;
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            given.take_parameter(uri, parameter)?;
        }
        let (database, table) = path.split_once('/').unwrap_or((path, ""));
        let database = decoded(Some(database))?.ok_or_else(|| unlike(uri))?;
        let table = if table.is_empty() { None } else { Some(TableName::parse(uri, table)?) };
        Ok(Self {
            user: given.user,
            host: given.host.unwrap_or_else(|| Host::Tcp("localhost".to_owned())),
            port: given.port.unwrap_or(PORT),
            database,
            table,
        })
    }

    /// Returns the database as it is shown, without who asks it: `postgres://host:5432/database`.
    pub(crate) fn shown(&self) -> String {
        match &self.host {
            Host::Tcp(host) => format!("postgres://{host}:{}/{}", self.port, self.database),
            Host::Unix(folder) => {
                format!("postgres:///{}?host={}&port={}", self.database, folder.display(), self.port)
            }
        }
    }

    /// Returns whether nothing of it leaves this machine.
    pub(crate) fn is_local(&self) -> bool {
        match &self.host {
            Host::Unix(_) => true,
            Host::Tcp(host) => {
                let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
                address.map_or_else(|_| host == "localhost", |address| address.is_loopback())
            }
        }
    }
}

/// What was found so far of who asks and where.
struct Given {
    user: Option<String>,
    host: Option<Host>,
    port: Option<u16>,
}

impl Given {
    /// Takes `host:port` and the forms without one of them.
    fn take_place(&mut self, uri: &str, place: &str) -> Result<()> {
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (place, None),
        };
        if host.contains(',') {
            return Err(invalid(uri, "names several hosts: write a `[[dataset]]` for one of them"));
        }
        self.port = port.map(|port| parse_port(uri, port)).transpose()?;
        self.host = decoded(Some(host.trim_start_matches('[').trim_end_matches(']')))?.map(Host::of);
        Ok(())
    }

    /// Takes `key=value` after the question mark.
    fn take_parameter(&mut self, uri: &str, parameter: &str) -> Result<()> {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match key {
            "password" => return Err(password()),
            "user" => self.user = decoded(Some(value))?,
            "host" => self.host = decoded(Some(value))?.map(Host::of),
            "port" => self.port = Some(parse_port(uri, value)?),
            "sslmode" | "sslrootcert" | "sslcert" | "sslkey" => {
                let text = format!(
                    "has `{key}`: TLS is set by the keys `ca`, `cert`, `key` and `insecure` of the `[[dataset]]`"
                );
                return Err(invalid(uri, &text));
            }
            _ => {
                let text =
                    format!("has `{key}`, which nothing reads: after `?` are `host`, `port` and `user`");
                return Err(invalid(uri, &text));
            }
        }
        Ok(())
    }
}

impl Host {
    fn of(host: String) -> Self {
        if host.starts_with('/') { Self::Unix(host.into()) } else { Self::Tcp(host) }
    }
}

impl TableName {
    /// Reads `schema.table`, or `table` of the schema `public`. A dot in a name is written as `%2E`.
    fn parse(uri: &str, text: &str) -> Result<Self> {
        let (schema, table) = text.split_once('.').unwrap_or((PUBLIC, text));
        match (decoded(Some(schema))?, decoded(Some(table))?) {
            (Some(schema), Some(decoded)) if !table.contains(['.', '/']) => {
                Ok(Self { schema, table: decoded })
            }
            _ => Err(unlike(uri)),
        }
    }

    /// Returns the names as SQL has them.
    pub(crate) fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.table))
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema.as_str() {
            PUBLIC => f.write_str(&self.table),
            schema => write!(f, "{schema}.{}", self.table),
        }
    }
}

/// Writes a name as SQL has it, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Resolves `%` escapes; `None` where nothing is there.
fn decoded(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(Some(text.into_owned())),
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{text}` is not UTF-8 once its `%` escapes are resolved"),
        )),
    }
}

fn parse_port(uri: &str, port: &str) -> Result<u16> {
    port.parse().map_err(|_| invalid(uri, &format!("`{port}` is not a port")))
}

fn invalid(uri: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("`{uri}`: {why}"))
}

fn unlike(uri: &str) -> Error {
    invalid(
        uri,
        "expected `postgres://user@host:port/database/schema.table`, or it without a table for all of them",
    )
}

/// The URI is not quoted: it would put the password where errors go.
fn password() -> Error {
    let text = "a password has no place in a URI: name a file with `password = ...` by the key `credentials`, or set \
                the environment variable `PGPASSWORD`";
    Error::new(ErrorKind::InvalidArgument, text)
}

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// The schema of names without one.
const PUBLIC: &str = "public";
/// The port of a server that says no other.
const PORT: u16 = 5432;
