//! gRPC between ArrowLink's ends: certificates and TLS, listeners, the accept loop, the data calls of the small service and
//! of Arrow Flight, and the one mapping between errors and gRPC status. Used by client and server; no type of the generated code is named here.
//!
//! A server binds [`Listener`]s, makes a [`Front`] around its [`DataService`](arrowlink_core::DataService) and a [`FlightHandler`], and runs
//! [`serve`] until it is told to stop. A client makes a [`Connection`] and calls it.
//!
//! ```
//! use std::sync::Arc;
//! use arrowlink_core::{Catalog, CallContext, ErrorKind, Name};
//! use arrowlink_flight::{FlightOptions, FlightService};
//! use arrowlink_transport::{
//!     AcceptOptions, ConnectOptions, Connection, Drained, Front, FrontOptions, Listener, TransferOptions, serve,
//! };
//! use tonic::service::Routes;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = FrontOptions::new(Name::new("default")?, Name::new("uploads")?);
//! let service = Arc::new(Catalog::new());
//! let flight = FlightService::new(service.clone(), FlightOptions::default());
//! let front = Front::new(service, Arc::new(flight), options, Routes::default());
//! let (listener, dialer) = Listener::in_memory();
//! let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
//! let server = tokio::spawn(serve(vec![listener], None, front, AcceptOptions::default(), async {
//!     stopped.await.ok();
//! }));
//!
//! let connection = Connection::over(dialer.dial().await?, &ConnectOptions::default()).await?;
//! let read = connection.get_arrow_data(&CallContext::new(), None, &TransferOptions::default()).await;
//! assert_eq!(read.unwrap_err().kind(), ErrorKind::NotFound);
//!
//! drop((connection, stop));
//! assert_eq!(server.await??, Drained::Complete);
//! # Ok(())
//! # }
//! ```

mod accept;
mod body;
pub mod certificates;
mod connection;
mod deadline;
mod description;
mod error;
mod flight;
mod flow;
mod frame;
mod front;
mod grpc;
mod hex;
mod http2;
mod listen;
mod login;
mod metadata;
mod outgoing;
pub mod payload;
mod peer;
mod pem;
mod pool;
mod receipt;
mod receive;
mod record;
mod rope;
mod seal;
pub mod status;
mod tasks;
mod ticket;
mod tls;
mod unix;
mod watched;
mod x509;

pub use accept::{AcceptOptions, Drained, serve};
pub use body::Body;
pub use connection::{
    Authorization, ConnectOptions, Connection, DEFAULT_PORT, FlightTicket, Plaintext, ResponseBody,
    TransferOptions,
};
pub use deadline::{GrpcTimeout, GrpcTimeoutLayer, grpc_timeout};
pub use description::{broken_metadata, described, description_metadata, entry};
pub use error::Error;
pub use front::{FlightBatches, FlightCall, FlightHandler, Front, FrontOptions};
pub use http2::Http2Options;
pub use listen::{Dialer, ListenAddr, Listener};
pub use login::identify;
pub use metadata::keeps_views;
pub use peer::{Encryption, Peer, PeerCertificates};
pub use pool::{BlockPool, PoolUsage};
pub use receipt::receipt_json;
pub use record::CallRecord;
pub use rope::Rope;
pub use seal::Seal;
pub use ticket::Ticket;
pub use tls::{CipherPreference, ClientTls, ServerTls, TlsOptions};
