//! The command line as it would be logged.

use clap::Parser as _;

use crate::args::Args;

#[test]
fn a_token_is_not_shown() {
    let args = Args::try_parse_from(["arrowlink", "ls", "--token", "sesame"]).unwrap();
    assert_eq!(args.server.token.as_ref().map(|token| token.reveal()), Some("sesame"));
    assert!(!format!("{args:?}").contains("sesame"));
}
