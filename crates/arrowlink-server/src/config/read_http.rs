//! Gives types to the keys of `[http]`.

use super::HttpConfig;
use super::problem::Problem;
use super::section::Section;

/// Reads `[http]`. An origin that no browser sends would allow nobody, and is a mistake.
pub(super) fn read_http(mut http: Section<'_>) -> HttpConfig {
    let defaults = HttpConfig::default();
    let enabled = http.take("enabled").unwrap_or(defaults.enabled);
    let mut cors_origins = defaults.cors_origins;
    if let Some((origins, written)) = http.take_with_origin::<Vec<String>>("cors_origins") {
        for wrong in origins.iter().filter(|origin| !is_origin(origin)) {
            let text = format!(
                "`http.cors_origins`: `{wrong}` is not an origin: write `https://charts.example`, without a path, or `*`"
            );
            http.note(Problem::at(&written, text));
        }
        cors_origins = origins;
    }
    http.finish();
    HttpConfig { enabled, cors_origins }
}

/// A scheme and a host, perhaps a port, and nothing behind.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return text == "*" };
    matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '*'])
}
