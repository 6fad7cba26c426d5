//! A [`DataService`](arrowlink_core::DataService) over plain HTTP: datasets and SQL results for browsers and `curl`.
//!
//! [`HttpService`] answers requests, whatever carried them: there are no sockets here, and no gRPC. Tables go out as
//! they are computed, in the format that the client asks for; what goes wrong is told as problem details (RFC 9457).
//! Writing is for gRPC alone.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/datasets?prefix=&schema=` | what there is, in JSON |
//! | `GET /v1/datasets/{name}?columns=&limit=&skip=&sql-where=&format=&csv-null=` | its rows |
//! | `GET /v1/datasets/{name}/schema?format=` | its columns, in JSON or as an Arrow stream without rows |
//! | `POST /v1/sql?format=&csv-null=` | the rows of the statement in the body |
//! | `GET /v1/sql?q=&format=&csv-null=` | the same, of a statement that changes nothing |
//!
//! ```
//! use std::sync::Arc;
//! use arrowlink_core::{Catalog, Name, default_dataset};
//! use arrowlink_http::{HttpOptions, HttpService};
//! use arrowlink_transport::Body;
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::{BodyExt as _, Empty};
//! use tower::ServiceExt as _;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = Catalog::new().with_dataset(Name::new("default")?, Arc::new(default_dataset()));
//! let service = HttpService::new(Arc::new(catalog), HttpOptions::default());
//!
//! let request = Request::get("/v1/datasets/default").header("accept", "text/csv");
//! let answer = service.oneshot(request.body(Empty::<Bytes>::new())?).await?;
//! assert_eq!(answer.headers()["content-type"], "text/csv");
//! assert_eq!(answer.into_body().collect().await?.to_bytes(), "id,value\n1,3.14\n");
//! # Ok(())
//! # }
//! ```

mod caching;
mod call;
mod challenge;
mod cors;
mod datasets;
mod etag;
mod negotiate;
mod options;
mod parameters;
mod predicate;
mod problem;
mod received;
mod route;
mod rows;
mod service;
mod sql;

pub use options::{Cors, HttpOptions};
pub use problem::{answer_to, status};
pub use service::HttpService;
