//! What must fit together once every value has its type.

use std::collections::BTreeSet;

use arrowlink_core::{Name, nearest};

use super::problem::{Origin, Problem};
use super::tree::{Node, Table, Value};
use super::{Config, DEFAULT, UPLOADS};

/// Notes every contradiction within `config`.
///
/// What needs a look at the machine (whether a file is there, whether a certificate is one of development) is not
/// decided here but when the server is built.
pub(super) fn check(config: &Config, problems: &mut Vec<Problem>) {
    check_listen(config, problems);
    if config.data_dir.is_none() {
        check_default(config, problems);
    }
    if config.limits.max_message_bytes > MOST_MESSAGE_BYTES {
        problems.push(Problem::everywhere(
            "`limits.max_message_bytes` is more than a gRPC client can take: use at most `\"2 GiB\"`",
        ));
    }
    if config.insecure && config.tls.certificate.is_some() {
        problems.push(Problem::everywhere(
            "`insecure` and `server.tls.cert` contradict each other: leave one of them out",
        ));
    }
}

/// Marks the datasets that `names` name as pinned, wherever they were configured.
pub(super) fn pin(table: &mut Table, names: &[String], problems: &mut Vec<Problem>) {
    let origin = Origin::Flag("--pin");
    let mut datasets: Vec<&mut Table> = match table.get_mut("dataset").map(|node| &mut node.value) {
        Some(Value::Array(items)) => items.iter_mut().filter_map(|item| item.value.as_table_mut()).collect(),
        _ => Vec::new(),
    };
    for name in names {
        let known: Vec<String> = datasets
            .iter()
            .filter_map(|table| table.get("name")?.value.as_text().map(str::to_owned))
            .collect();
        match datasets.iter_mut().find(|table| names_it(table, name)) {
            Some(table) => {
                table.insert("pin".to_owned(), Node { value: Value::Boolean(true), origin: origin.clone() });
            }
            None => problems.push(Problem::at(
                &origin,
                format!("no dataset `{name}` is configured{}", offer(name, known.iter().map(String::as_str))),
            )),
        }
    }
}

fn names_it(table: &Table, name: &str) -> bool {
    table.get("name").and_then(|node| node.value.as_text()).is_some_and(|text| text == name)
}

/// Notes addresses that cannot be listened on together, and plaintext that would leave this machine.
fn check_listen(config: &Config, problems: &mut Vec<Problem>) {
    if config.listen.is_empty() {
        problems
            .push(Problem::everywhere("`server.listen` is empty: give an address such as `127.0.0.1:50051`"));
    }
    let mut seen = BTreeSet::new();
    for addr in &config.listen {
        let text = addr.to_string();
        if !text.ends_with(":0") && !seen.insert(text) {
            problems.push(Problem::everywhere(format!("`server.listen` has `{addr}` twice")));
        }
        if config.insecure && !addr.is_local() {
            problems.push(Problem::everywhere(format!(
                "`{addr}` can be reached from other machines and `insecure` would send everything in plaintext: \
                 leave `insecure` out, or listen on 127.0.0.1"
            )));
        }
    }
}

/// Notes a default that nothing serves. With a data folder it may be an upload, which is not known yet.
fn check_default(config: &Config, problems: &mut Vec<Problem>) {
    let name = config.default.as_str();
    let mut names = config.datasets.iter().map(|dataset| &dataset.name).map(Name::as_str);
    if name == DEFAULT
        || name == UPLOADS
        || config.datasets.iter().any(|dataset| dataset.serves(&config.default))
    {
        return;
    }
    let hint = offer(name, names.by_ref());
    problems.push(Problem::everywhere(format!("`server.default`: no dataset `{name}` is configured{hint}")));
}

/// Offers the nearest of `names`, as the end of a sentence.
fn offer<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    nearest(name, names).first().map_or_else(String::new, |known| format!(", did you mean `{known}`?"))
}

/// 2 GiB: what announces the length of a message is a signed number of 32 bits in many clients.
const MOST_MESSAGE_BYTES: u64 = 2 << 30;
