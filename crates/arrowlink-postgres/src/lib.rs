//! Datasets in PostgreSQL: tables, views and queries, read as they are when they are asked for.
//!
//! A [`PostgresDataset`] is a [`Dataset`](arrowlink_core::Dataset), and a [`SqlTable`](arrowlink_query::SqlTable) that
//! leaves columns, filters and first rows to the database. A read is one `COPY ... TO STDOUT (FORMAT binary)`, decoded as
//! it is taken.
//!
//! ```text
//! uri -> address, options -> who asks, by which certificates       `address`, `credentials`, `tls`
//!     -> a connection and a transaction on it                      `pool`, `session`
//!     -> the columns, which stay what they are until it ends       `table`, `kind`
//!     -> a statement for the columns and rows that are wanted      `relation`, `sql`
//!     -> batches                                                   `read`, `copy`, `decode`
//! ```
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use arrowlink_core::{Catalog, DataServiceExt as _, Name};
//! use arrowlink_postgres::{PostgresDataset, PostgresOptions};
//!
//! # async fn example() -> arrowlink_core::Result<()> {
//! let options = PostgresOptions::default().with_credentials("shop.credentials");
//! let orders = PostgresDataset::new("postgres://reader@db.example/shop/orders", options)?;
//! let name: Name = "orders".parse()?;
//! let catalog = Catalog::new().with_dataset(name.clone(), Arc::new(orders));
//! let (schema, batches) = catalog.read_all(&name).await?;
//! # let _ = (schema, batches);
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here knows gRPC, and nothing is written to a database.

mod address;
mod copy;
mod credentials;
mod database;
mod dataset;
mod decode;
mod failure;
mod kind;
mod options;
mod pool;
mod read;
mod relation;
mod session;
mod sql;
mod table;
mod tls;

pub use database::PostgresDatabase;
pub use dataset::PostgresDataset;
pub use options::PostgresOptions;
