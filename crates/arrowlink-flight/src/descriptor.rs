//! What a descriptor asks for: a name, a SQL text, or a command of Flight SQL.

use arrow_flight::FlightDescriptor;
use arrow_flight::flight_descriptor::DescriptorType;
use arrow_flight::sql::Any;
use arrowlink_core::{Error, ErrorKind, Name, Query, Result, Target};
use arrowlink_transport::Ticket;
use prost::Message as _;

/// A descriptor, understood.
#[derive(Debug)]
pub(crate) enum Asked {
    /// What [`DataService`](arrowlink_core::DataService) knows by itself: a name, SQL, or Substrait.
    Target(Target),
    /// A command of Flight SQL.
    Command(Any),
}

impl Asked {
    /// Understands `descriptor`: the elements of a path are the parts of a name; a command is one of Flight SQL, a ticket,
    /// whose target is meant, or the text of a statement.
    pub(crate) fn from_descriptor(descriptor: &FlightDescriptor) -> Result<Self> {
        match descriptor.r#type() {
            DescriptorType::Path => named(descriptor).map(|name| Self::Target(Target::Name(name))),
            DescriptorType::Cmd => Self::from_command(&descriptor.cmd),
            DescriptorType::Unknown => Err(invalid(NO_TYPE)),
        }
    }

    fn from_command(command: &[u8]) -> Result<Self> {
        if let Some(command) = flight_sql(command) {
            return Ok(Self::Command(command));
        }
        if command.starts_with(&Ticket::MAGIC) {
            return Ok(Self::Target(Ticket::decode(command)?.target));
        }
        match std::str::from_utf8(command).ok().filter(|text| !text.trim().is_empty()) {
            Some(text) => Ok(Self::Target(Target::Sql(Query::new(text)))),
            None => Err(invalid(NO_COMMAND)),
        }
    }
}

/// Reads which dataset or function a descriptor's path names.
pub(crate) fn named(descriptor: &FlightDescriptor) -> Result<Name> {
    match descriptor.r#type() {
        DescriptorType::Path if descriptor.path.is_empty() => Err(invalid(NO_PATH)),
        DescriptorType::Path => Name::new(&descriptor.path.join(".")),
        DescriptorType::Cmd => Err(invalid(NOT_A_PATH)),
        DescriptorType::Unknown => Err(invalid(NO_PATH)),
    }
}

/// Reads a command of Flight SQL, where the bytes are one.
pub(crate) fn flight_sql(bytes: &[u8]) -> Option<Any> {
    Any::decode(bytes).ok().filter(|any| any.type_url.starts_with(FLIGHT_SQL))
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}

const FLIGHT_SQL: &str = "type.googleapis.com/arrow.flight.protocol.sql.";
const NO_PATH: &str = "the descriptor has no path: its path is the name of a dataset or function";
const NOT_A_PATH: &str = "the descriptor is a command: an upload or exchange goes to a path, which is the name of a dataset or function";
const NO_TYPE: &str = "the descriptor is neither a path nor a command: give a dataset's name as path";
const NO_COMMAND: &str =
    "the descriptor's command is neither one of Flight SQL nor the text of a SQL statement in UTF-8";
