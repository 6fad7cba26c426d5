//! Gives types to the keys of connections: `[http2]`, and the buffers and ciphers of `[server.tls]`.
//!
//! Every size has a range, and one outside it is a mistake: it is never moved into it unsaid.

use arrowlink_transport::{Http2Options, TlsOptions};

use super::problem::Problem;
use super::section::Section;

/// Reads `[http2]`.
pub(super) fn read_http2(mut http2: Section<'_>) -> Http2Options {
    let defaults = Http2Options::for_server();
    let (stream, connection) = read_windows(&mut http2, defaults);
    let frame = http2.take_size("max_frame_bytes", &Http2Options::FRAME_BYTES);
    let send_buffer = http2.take_size("max_send_buffer_bytes", &Http2Options::SEND_BUFFER_BYTES);
    let nodelay = http2.take("nodelay");
    http2.finish();
    defaults
        .with_windows(stream, connection)
        .with_max_frame_bytes(frame.unwrap_or(defaults.max_frame_bytes()))
        .with_max_send_buffer_bytes(send_buffer.unwrap_or(defaults.max_send_buffer_bytes()))
        .with_nodelay(nodelay.unwrap_or(defaults.nodelay()))
}

/// Reads the windows of a call and of a connection. A call could not use more than the connection has.
fn read_windows(http2: &mut Section<'_>, defaults: Http2Options) -> (u32, u32) {
    let stream = http2.take_size_with_origin("stream_window_bytes", &Http2Options::WINDOW_BYTES);
    let connection = http2.take_size_with_origin("connection_window_bytes", &Http2Options::WINDOW_BYTES);
    let stream_bytes = stream.as_ref().map_or(defaults.stream_window_bytes(), |(bytes, _)| *bytes);
    let connection_bytes =
        connection.as_ref().map_or(defaults.connection_window_bytes(), |(bytes, _)| *bytes);
    if connection_bytes < stream_bytes
        && let Some((_, origin)) = connection.or(stream)
    {
        let text = format!(
            "`http2.stream_window_bytes` is {stream_bytes}, more than the {connection_bytes} of \
             `http2.connection_window_bytes`: make the latter at least as large"
        );
        http2.note(Problem::at(&origin, text));
    }
    (stream_bytes, connection_bytes)
}

/// Reads the buffers and ciphers of `[server.tls]`.
pub(super) fn read_tls_options(tls: &mut Section<'_>) -> TlsOptions {
    let defaults = TlsOptions::default();
    let read_buffer = tls.take_size("read_buffer_bytes", &TlsOptions::READ_BUFFER_BYTES);
    let send_buffer = tls.take_size("send_buffer_bytes", &TlsOptions::SEND_BUFFER_BYTES);
    defaults
        .with_read_buffer_bytes(read_buffer.unwrap_or(defaults.read_buffer_bytes()))
        .with_send_buffer_bytes(send_buffer.unwrap_or(defaults.send_buffer_bytes()))
        .with_ciphers(tls.take("ciphers").unwrap_or(defaults.ciphers()))
}
