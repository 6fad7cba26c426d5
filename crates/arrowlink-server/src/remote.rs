//! Datasets that live on other Flight servers: `grpc+tls://host:port/name` and the like, for the program.

use std::path::Path;

use arrowlink_client::{Authorization, ClientOptions, Plaintext, RemoteDataset};
use arrowlink_core::{Error, ErrorKind, Result};
use arrowlink_server::{DatasetConfig, Schemes};

/// Registers the schemes by which Flight names its servers.
pub(crate) fn schemes() -> Schemes {
    ADDRESSES.iter().fold(Schemes::default(), |schemes, (scheme, _)| {
        schemes.with(*scheme, |config| async move { open(&config) })
    })
}

/// Stands for what the URI names; nothing is connected yet, so that the other server may start later.
fn open(config: &DatasetConfig) -> Result<RemoteDataset> {
    let uri = config.source.to_string();
    let (address, path) = parse(&uri).ok_or_else(|| {
        let text =
            format!("`{uri}`: expected `grpc+tls://host:port/name` or `grpc+unix:///path/socket/name`");
        Error::new(ErrorKind::InvalidArgument, text)
    })?;
    let remote = &config.remote;
    let mut options = ClientOptions::default();
    if address.starts_with("http://") {
        if !remote.insecure {
            let text =
                format!("`{uri}` would be plaintext: use `grpc+tls://`, or set `insecure` on this machine");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        options = options.with_plaintext(Plaintext::Loopback);
    }
    if let Some(ca) = &remote.ca {
        options = options.with_ca_file(ca);
    }
    if let Some((cert, key)) = &remote.identity {
        options = options.with_identity(cert, key);
    }
    if let Some(file) = &remote.token_file {
        options = options.with_authorization(token(file)?);
    }
    RemoteDataset::new(&address, path, &options)
}

/// Reads the token that is alone in `file`. Like a key, it is read once: a new one counts when the server starts again.
fn token(file: &Path) -> Result<Authorization> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::InvalidArgument,
        };
        Error::new(kind, format!("the token in `{}` cannot be read", file.display())).with_source(error)
    })?;
    Authorization::bearer(text.trim()).map_err(|error| {
        let text = format!("`{}` has no token: write it there, alone", file.display());
        Error::new(error.kind(), text).with_source(error)
    })
}

/// Returns the address of the server and the name of the dataset there, which is the last part of the URI.
fn parse(uri: &str) -> Option<(String, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let (_, of_address) = ADDRESSES.iter().find(|(known, _)| *known == scheme)?;
    let (place, name) = rest.rsplit_once('/')?;
    (!place.is_empty() && !name.is_empty()).then(|| (format!("{of_address}://{place}"), name))
}

/// Flight's schemes, and those of a client's addresses.
const ADDRESSES: [(&str, &str); 3] = [("grpc+tls", "https"), ("grpc+unix", "unix"), ("grpc+tcp", "http")];
