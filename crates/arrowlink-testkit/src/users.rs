//! Somebody whom a server knows.

use arrowlink_core::{Authenticator, Caller, Credentials, Error, ErrorKind, Identity, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;

/// Knows `ali` by the password `sesame`, the token `token-of-ali` and the header `Key ali's`, and nobody else.
#[derive(Clone, Copy, Debug)]
pub struct OnlyAli;

impl Authenticator for OnlyAli {
    fn identify(&self, caller: Caller) -> BoxFuture<'_, Result<Identity>> {
        let known = match &caller.credentials {
            Credentials::Bearer(token) => token == "token-of-ali",
            Credentials::Other(header) => header == "Key ali's",
            other => has_password(other),
        };
        let answer = if known { Ok(Identity::Named("ali".into())) } else { Err(unknown()) };
        std::future::ready(answer).boxed()
    }

    fn token(&self, caller: Caller) -> BoxFuture<'_, Result<String>> {
        let answer =
            if has_password(&caller.credentials) { Ok("token-of-ali".to_owned()) } else { Err(unknown()) };
        std::future::ready(answer).boxed()
    }
}

fn has_password(credentials: &Credentials) -> bool {
    matches!(credentials, Credentials::Basic { user, password } if user == "ali" && password == "sesame")
}

fn unknown() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the name or the password is wrong")
}
