//! Substrait plans, where the crate was built with the feature of that name.
//!
//! What it takes to build it (`protoc`) is not everywhere, and so the feature is off unless it is asked for.

#[cfg(feature = "substrait")]
pub(crate) use super::substrait_plan::plan;

/// Says how to have plans answered, and what to send as long as they are not.
#[cfg(not(feature = "substrait"))]
pub(crate) async fn plan(
    _engine: &super::engine::Engine,
    _ctx: &arrowlink_core::CallContext,
    _plan: &[u8],
) -> arrowlink_core::Result<super::planned::Planned> {
    Err(arrowlink_core::Error::new(
        arrowlink_core::ErrorKind::Unsupported,
        "this server was built without Substrait plans: send the query as SQL, or build the server with `--features \
         substrait`",
    ))
}
