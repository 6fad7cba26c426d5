//! Datasets that are no files: generated tables, and sources of a program of its own.

use arrowlink_core::{CallContext, DataServiceExt as _, DemoDataset, Error, ErrorKind, Name, Target};
use arrowlink_server::{Config, Schemes, Server, Sources};
use futures::TryStreamExt as _;

use crate::support::name;

/// Builds what `datasets`, sections of a configuration, name.
async fn build(datasets: &str, schemes: &Schemes) -> Result<Server, String> {
    let file = format!("[server]\ninsecure = true\n{datasets}");
    let sources = Sources::default().with_file("arrowlink.toml", file).with_schemes(schemes);
    let config = Config::from_sources(sources).map_err(|error| error.to_string())?;
    Server::build_with(config, schemes).await.map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {source}")
    })
}

async fn rows(server: &Server, name: &Name) -> Option<u64> {
    let described = server.service().describe(CallContext::new(), Target::from(name)).await;
    described.unwrap().rows
}

#[tokio::test]
async fn one_section_serves_all_tables_of_tpch() {
    let section = "[[dataset]]\nname = 'tpch'\nuri = 'tpch://sf=0.01'\n";
    let server = build(&format!("default = 'tpch.nation'\n{section}"), &Schemes::default()).await.unwrap();
    let tables = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];
    for (table, expected) in tables.iter().zip([1500, 60_175, 25, 15_000, 2000, 8000, 5, 100]) {
        assert_eq!(rows(&server, &name(&format!("tpch.{table}"))).await, Some(expected), "{table}");
    }
    let (_, batches) = server.service().read_all(&name("tpch.region")).await.unwrap();
    assert_eq!(batches[0].num_rows(), 5);
}

#[tokio::test]
async fn a_path_serves_one_table_of_tpch() {
    let section = "[[dataset]]\nname = 'lines'\nuri = 'tpch://sf=1/lineitem'\n";
    let server = build(section, &Schemes::default()).await.unwrap();
    assert_eq!(rows(&server, &name("lines")).await, Some(6_001_215));
}

#[tokio::test]
async fn two_sections_for_one_name_are_refused() {
    let sections = "[[dataset]]\nname = 'tpch'\nuri = 'tpch://sf=1'\n\
                    [[dataset]]\nname = 'tpch.part'\nuri = 'demo://'\n";
    let error = build(sections, &Schemes::default()).await.unwrap_err();
    assert!(error.starts_with("dataset `tpch.part` is configured twice"), "{error}");
}

#[tokio::test]
async fn a_scheme_of_ones_own_is_served() {
    let schemes = Schemes::default().with("plant", |config| async move {
        let hall = config.source.to_string();
        match hall.strip_prefix("plant://").and_then(|rows| rows.parse().ok()) {
            Some(rows) => DemoDataset::new(rows, 1),
            None => Err(Error::new(ErrorKind::InvalidArgument, format!("`{hall}` is no hall"))),
        }
    });
    let section = "[[dataset]]\nname = 'hall'\nuri = 'plant://12'\npin = true\n";
    let server = build(section, &schemes).await.unwrap();
    assert_eq!(rows(&server, &name("hall")).await, Some(12));

    let error = build("[[dataset]]\nname = 'hall'\nuri = 'plant://x'\n", &schemes).await.unwrap_err();
    assert_eq!(error, "cannot serve dataset `hall`: `plant://x` is no hall");
    let error = build("[[dataset]]\nname = 'hall'\nuri = 'plnat://1'\n", &schemes).await.unwrap_err();
    assert!(error.ends_with("nothing reads `plnat://`, did you mean `plant://`?"), "{error}");
}

/// A store at which nobody answers.
fn silent_store() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("endpoint = 'http://{}'\nallow_http = true\nanonymous = true\n", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_store_that_does_not_answer_keeps_nobody_else_from_being_served() {
    let store = silent_store();
    let sections = format!(
        "default = 'lake'\n[[dataset]]\nname = 'lake'\nuri = 's3://lake/a.csv'\nregion = 'here'\n{store}\
         [[dataset]]\nname = 'rows'\nuri = 'demo://?rows=3'\n"
    );
    let server = build(&sections, &Schemes::default()).await.unwrap();
    assert_eq!(rows(&server, &name("rows")).await, Some(3));
    let list =
        server.service().list(CallContext::new(), arrowlink_core::ListOptions::default()).await.unwrap();
    let entries: Vec<arrowlink_core::Entry> = list.try_collect().await.unwrap();
    let lake = entries.iter().find(|entry| entry.name == name("lake")).unwrap();
    let error = lake.description.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("`s3://lake/a.csv` cannot be read at the moment"), "{error}");
}

#[tokio::test]
async fn mistakes_about_a_store_keep_the_server_from_starting() {
    let store = silent_store();
    for (uri, more, said) in [
        (
            "s3://lake/a.csv",
            "credentials = 'no.credentials'",
            "the credentials `no.credentials` cannot be read",
        ),
        ("https://example.invalid/a.csv?x=1", "", "leave `?` out"),
        ("s3://lake/a.csv", "endpoint = 'no address'\nanonymous = true", "write `https://host:port`"),
    ] {
        let store = if more.starts_with("endpoint") { "" } else { &store };
        let section = format!("[[dataset]]\nname = 'lake'\nuri = '{uri}'\nregion = 'here'\n{store}{more}\n");
        let error = build(&section, &Schemes::default()).await.unwrap_err();
        assert!(error.starts_with("cannot serve dataset `lake`") && error.contains(said), "{error}");
    }
}
