//! Gives types to the keys of connections: `[http2]`, and the buffers and ciphers of `[server.tls]`.
//!
//! Every size has a range, and one outside it is a mistake: it is never moved into it unsaid.

use arrowlink_transport::{Http2Options, TlsOptions};

use super::problem::Problem;
use super::section::Section;

/// Reads `[http2]`.
pub(super) fn read_http2(mut http2: Section<'_>) -> Http2Options {
    let mut read = read_windows(&mut http2, Http2Options::for_server());
    if let Some(bytes) = http2.take_size("max_frame_bytes", &Http2Options::FRAME_BYTES) {
        read = read.with_max_frame_bytes(bytes);
    }
    if let Some(bytes) = http2.take_size("max_send_buffer_bytes", &Http2Options::SEND_BUFFER_BYTES) {
        read = read.with_max_send_buffer_bytes(bytes);
    }
    if let Some(nodelay) = http2.take("nodelay") {
        read = read.with_nodelay(nodelay);
    }
    http2.finish();
    read
}

/// Reads the windows of a call and of a connection. A call could not use more than the connection has.
fn read_windows(http2: &mut Section<'_>, defaults: Http2Options) -> Http2Options {
    let stream = http2.take_size_with_origin("stream_window_bytes", &Http2Options::WINDOW_BYTES);
    let connection = http2.take_size_with_origin("connection_window_bytes", &Http2Options::WINDOW_BYTES);
    let (mut of_call, mut of_connection) =
        (defaults.stream_window_bytes(), defaults.connection_window_bytes());
    let mut written = None;
    if let Some((bytes, origin)) = stream {
        (of_call, written) = (bytes, Some(origin));
    }
    if let Some((bytes, origin)) = connection {
        (of_connection, written) = (bytes, Some(origin));
    }
    if of_connection < of_call
        && let Some(origin) = written
    {
        let text = format!(
            "`http2.stream_window_bytes` is {of_call}, more than the {of_connection} of \
             `http2.connection_window_bytes`: make the latter at least as large"
        );
        http2.note(Problem::at(&origin, text));
    }
    defaults.with_windows(of_call, of_connection)
}

/// Reads the buffers and ciphers of `[server.tls]`.
pub(super) fn read_tls_options(tls: &mut Section<'_>) -> TlsOptions {
    let mut read = TlsOptions::default();
    if let Some(bytes) = tls.take_size("read_buffer_bytes", &TlsOptions::READ_BUFFER_BYTES) {
        read = read.with_read_buffer_bytes(bytes);
    }
    if let Some(bytes) = tls.take_size("send_buffer_bytes", &TlsOptions::SEND_BUFFER_BYTES) {
        read = read.with_send_buffer_bytes(bytes);
    }
    if let Some(ciphers) = tls.take("ciphers") {
        read = read.with_ciphers(ciphers);
    }
    read
}
