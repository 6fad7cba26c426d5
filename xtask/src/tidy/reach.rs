//! What each crate must never reach, however far down, by `cargo tree`.

use super::Problem;

/// Checks what `package` reaches: `tree` is what `cargo tree` prints, a line per package.
///
/// A line is the package, its version, a bar and its features, as in `tokio v1.54.1|rt,sync`.
///
/// ```
/// use xtask::tidy::check_reach;
///
/// let tree = "arrowlink-core v0.1.0 (/arrowlink/crates/arrowlink-core)|\ntokio v1.54.1|rt,sync\n";
/// assert_eq!(check_reach("arrowlink-core", tree), []);
/// let with_tonic = format!("{tree}tonic v0.14.9|codegen (*)\n");
/// assert_eq!(check_reach("arrowlink-core", &with_tonic).len(), 1);
/// ```
pub fn check_reach(package: &str, tree: &str) -> Vec<Problem> {
    let Some(rule) = RULES.iter().find(|rule| rule.package == package) else { return Vec::new() };
    let reached: Vec<Reached<'_>> = tree.lines().filter_map(Reached::parse).collect();
    let broken = rule.never.iter().filter(|never| reached.iter().any(|it| it.is(never)));
    broken.map(|never| problem(rule, never)).collect()
}

/// Lists the packages that [`check_reach`] has a rule for.
pub(super) fn packages() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.package)
}

/// What one package must keep away from.
struct Rule {
    package: &'static str,
    /// Packages it must not reach, or with a slash a feature of one: `tokio/net`.
    never: &'static [&'static str],
    reason: &'static str,
}

/// A line of the tree.
struct Reached<'a> {
    name: &'a str,
    features: &'a str,
}

impl<'a> Reached<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (package, features) = line.trim_end_matches(" (*)").split_once('|')?;
        Some(Self { name: package.split_whitespace().next()?, features })
    }

    fn is(&self, never: &str) -> bool {
        match never.split_once('/') {
            Some((name, feature)) => self.name == name && self.features.split(',').any(|it| it == feature),
            None => self.name == never,
        }
    }
}

fn problem(rule: &Rule, never: &str) -> Problem {
    let Rule { package, reason, .. } = rule;
    let name = never.split('/').next().unwrap_or(never);
    let text =
        format!("reaches `{never}`, but {reason}; `cargo tree -p {package} -i {name}` shows the way there");
    Problem::new(package, 0, text)
}

const RULES: [Rule; 12] = [
    Rule {
        package: "arrowlink-core",
        never: &[
            "tonic",
            "prost",
            "hyper",
            "h2",
            "tower",
            "rustls",
            "mio",
            "tokio/net",
            "datafusion",
            "arrow-flight",
        ],
        reason: "the service is usable without gRPC and sockets",
    },
    Rule {
        package: "arrowlink-ipc",
        never: &[
            "tokio",
            "tonic",
            "prost",
            "hyper",
            "h2",
            "tower",
            "rustls",
            "mio",
            "datafusion",
            "arrow-flight",
        ],
        reason: "the codec knows neither I/O nor a runtime",
    },
    Rule {
        package: "arrowlink-formats",
        never: &["tokio/net", "tonic", "prost", "hyper", "h2", "rustls", "mio", "datafusion", "arrow-flight"],
        reason: "formats are bytes, wherever they go",
    },
    Rule {
        package: "arrowlink-http",
        never: &["datafusion", "arrowlink-query"],
        reason: "it answers from any service and accepts no connections",
    },
    Rule {
        package: "arrowlink-proto",
        never: &["arrow-array", "arrow-schema", "tonic/transport", "tonic/channel", "tonic/server"],
        reason: "generated code knows messages alone; connections are arrowlink-transport's",
    },
    Rule {
        package: "arrowlink-transport",
        never: &["datafusion", "parquet"],
        reason: "it moves batches over connections of its own and knows nothing of where they come from",
    },
    Rule {
        package: "arrowlink-store",
        never: &["tonic", "prost", "hyper", "h2", "rustls", "mio", "datafusion", "parquet"],
        reason: "uploads are files on a disk, nothing more",
    },
    Rule {
        package: "arrowlink-query",
        // Object stores are asked by HTTP, so hyper and rustls are below; what answers clients is not.
        never: &["tonic", "prost", "arrow-flight"],
        reason: "datasets know nothing of the protocols that serve them",
    },
    Rule {
        package: "arrowlink-postgres",
        never: &["tonic", "prost", "arrow-flight", "native-tls", "openssl"],
        reason: "datasets know nothing of the protocols that serve them",
    },
    Rule {
        package: "arrowlink-flight",
        never: &["datafusion", "parquet"],
        reason: "it knows Flight's messages and the trait, and nothing of who is behind it",
    },
    Rule {
        package: "arrowlink-client",
        never: &["datafusion", "parquet"],
        reason: "a client is small: a connection and the service's trait",
    },
    Rule { package: "arrowlink-cli", never: &["datafusion"], reason: "the command line is a client" },
];
