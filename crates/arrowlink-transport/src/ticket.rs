//! Tickets: what is to be read, and how, in bytes that any server of the same datasets can answer.
//!
//! ```text
//! FF 'A' 'L' 'T'   no text begins so, and no name is taken for a ticket
//! version          1
//! message          Protobuf, see `ticket/message.rs`
//! checksum         8 bytes, see `seal.rs`
//! ```
//!
//! A plain ticket is nothing but a dataset's name in UTF-8. Tickets are checked, not secret: they grant nothing, and whoever
//! makes one up may ask for no more than what he may ask for otherwise.

mod message;

use arrow_schema::SchemaRef;
use arrowlink_core::{Error, ErrorKind, Name, Position, ReadOptions, Result, Target};
use bytes::Bytes;
use prost::Message as _;

use crate::description::schema_stream;
use crate::seal::{Seal, fnv1a};
use message::Body;

/// What a `DoGet` reads. Where nothing but the dataset matters, its name is a ticket too.
///
/// ```
/// use arrowlink_core::{ErrorKind, Name, ReadOptions, Target};
/// use arrowlink_transport::Ticket;
///
/// let trips = Target::Name(Name::new("trips")?);
/// let ticket = Ticket::new(trips.clone(), ReadOptions::default().with_projection(["id"]).with_limit(5));
/// let bytes = ticket.encode()?;
/// assert_eq!(Ticket::decode(&bytes)?, ticket);
/// assert_eq!(Ticket::decode(b"trips")?, Ticket::new(trips, ReadOptions::default()));
///
/// let damaged = Ticket::decode(&bytes[..bytes.len() - 1]).unwrap_err();
/// assert_eq!(damaged.kind(), ErrorKind::InvalidArgument);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ticket {
    /// What is read.
    pub target: Target,
    /// How it is read.
    pub options: ReadOptions,
    /// Whether each batch comes with the ticket that goes on after it, as its application metadata. Default: no.
    pub positions: bool,
    /// Which query the read belongs to, so that it can be cancelled; opaque. Default: none.
    pub query: Option<Bytes>,
    /// A digest of the schema that was promised for the read. Default: none.
    pub schema: Option<u64>,
}

impl Ticket {
    /// Makes the ticket that reads `target` as `options` say.
    pub const fn new(target: Target, options: ReadOptions) -> Self {
        Self { target, options, positions: false, query: None, schema: None }
    }

    /// Sets [`positions`](Self::positions).
    #[must_use]
    pub const fn with_positions(mut self, positions: bool) -> Self {
        self.positions = positions;
        self
    }

    /// Sets [`query`](Self::query).
    #[must_use]
    pub fn with_query(mut self, id: impl Into<Bytes>) -> Self {
        self.query = Some(id.into());
        self
    }

    /// Sets [`schema`](Self::schema) to what [`allows`](Self::allows) tells from others.
    ///
    /// # Errors
    ///
    /// `Internal` for a schema that Arrow's streams cannot have.
    pub fn with_schema(mut self, schema: &SchemaRef) -> Result<Self> {
        self.schema = Some(digest(schema)?);
        Ok(self)
    }

    /// Returns whether rows of `schema` are what was promised; where nothing was, they are.
    ///
    /// # Errors
    ///
    /// `Internal` for a schema that Arrow's streams cannot have.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_schema::{DataType, Field, Schema};
    /// use arrowlink_core::{Query, ReadOptions, Target};
    /// use arrowlink_transport::Ticket;
    ///
    /// let of = |data_type| Arc::new(Schema::new(vec![Field::new("id", data_type, true)]));
    /// let ticket = Ticket::new(Target::Sql(Query::new("select id from t")), ReadOptions::default());
    /// assert!(ticket.allows(&of(DataType::Int64))?);
    /// let ticket = ticket.with_schema(&of(DataType::Int64))?;
    /// assert!(ticket.allows(&of(DataType::Int64))? && !ticket.allows(&of(DataType::Int32))?);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn allows(&self, schema: &SchemaRef) -> Result<bool> {
        self.schema.map_or(Ok(true), |promised| Ok(promised == digest(schema)?))
    }

    /// Returns the ticket of what is left when `rows` rows were returned up to `position`.
    ///
    /// ```
    /// use arrowlink_core::{Name, Position, ReadOptions, Target};
    /// use arrowlink_transport::Ticket;
    ///
    /// let options = ReadOptions::default().with_skip(100).with_limit(50);
    /// let rest = Ticket::new(Target::Name(Name::new("trips")?), options).after(Position::new(vec![7]), 20);
    /// let options = ReadOptions::default().with_limit(30).with_resume(Position::new(vec![7]));
    /// assert_eq!(rest.options, options);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    #[must_use]
    pub fn after(&self, position: Position, rows: u64) -> Self {
        let mut rest = self.clone();
        rest.options.limit = self.options.limit.map(|limit| limit.saturating_sub(rows));
        rest.options.skip = 0;
        rest.options.resume = Some(position);
        rest
    }

    /// Writes the ticket.
    ///
    /// # Errors
    ///
    /// `LimitExceeded` past [`MAX_BYTES`](Self::MAX_BYTES); `InvalidArgument` for parameters that Arrow's streams cannot have;
    /// `Unsupported` for a target that this version does not know.
    pub fn encode(&self) -> Result<Bytes> {
        let body = Body::try_from(self)?;
        let bytes = body.encoded_len() + Seal::OVERHEAD;
        if bytes > Self::MAX_BYTES {
            let (most, text) = (Self::MAX_BYTES, "give it shorter SQL, or parameters of fewer bytes");
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("the ticket takes {bytes} bytes, more than {most}: {text}"),
            ));
        }
        Ok(SEAL.seal(&body.encode_to_vec()))
    }

    /// Reads what [`encode`](Self::encode) wrote, or a name.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for anything else: what is damaged, what is of another version, and what no server wrote. The
    /// message says which of them it is.
    pub fn decode(ticket: &[u8]) -> Result<Self> {
        if ticket.len() > Self::MAX_BYTES {
            let (bytes, most) = (ticket.len(), Self::MAX_BYTES);
            return Err(invalid(&format!("the ticket has {bytes} bytes, more than {most}")));
        }
        if !ticket.starts_with(&Self::MAGIC) {
            return named(ticket);
        }
        let body = Body::decode(SEAL.open(ticket)?).map_err(|error| invalid(FORGED).with_source(error))?;
        Self::try_from(body)
    }

    /// What every ticket begins with that is no name.
    pub const MAGIC: [u8; 4] = [0xff, b'A', b'L', b'T'];
    /// The most bytes that a ticket takes: 16 MiB.
    pub const MAX_BYTES: usize = 16 << 20;
}

/// Reads a plain ticket.
fn named(ticket: &[u8]) -> Result<Ticket> {
    let text =
        std::str::from_utf8(ticket).ok().filter(|text| !text.is_empty()).ok_or_else(|| invalid(NEITHER))?;
    let name = Name::new(text).map_err(|error| invalid(NOT_A_NAME).with_source(error))?;
    Ok(Ticket::new(Target::Name(name), ReadOptions::default()))
}

/// Returns the same for the same schema, on every server.
fn digest(schema: &SchemaRef) -> Result<u64> {
    Ok(fnv1a(&schema_stream(schema)?))
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}

const SEAL: Seal = Seal { noun: "ticket", magic: Ticket::MAGIC };
const FORGED: &str = "the ticket is none that a server made: ask for one by `GetFlightInfo`";
const NEITHER: &str =
    "the ticket is empty or not UTF-8: it is one that a server gave, or the name of a dataset";
const NOT_A_NAME: &str = "the ticket is not the name of a dataset";
