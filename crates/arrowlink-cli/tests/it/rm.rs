//! `arrowlink rm`.

use crate::support::{Server, served, trips};

fn names(server: &Server) -> Vec<String> {
    let text = server.run(&["ls"]).ok();
    text.lines().skip(2).filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

fn server() -> Server {
    Server::serving(served()).with("a", &[trips()]).with("b", &[trips()])
}

#[test]
fn what_was_put_there_is_removed() {
    let server = server();
    let ran = server.run(&["rm", "--yes", "a", "b"]);
    assert_eq!(ran.stderr, "removed `a`\nremoved `b`\n");
    assert_eq!(ran.ok(), "");
    assert_eq!(names(&server), ["broken", "echo", "sales.trips"]);
}

#[test]
fn nothing_is_removed_where_nobody_can_be_asked() {
    let server = server();
    server.run(&["rm", "a"]).failed(2, &["standard input is not a terminal", "hint: --yes"]);
    assert_eq!(names(&server), ["a", "b", "broken", "echo", "sales.trips"]);
}

#[test]
fn nothing_is_removed_where_one_of_the_names_is_unknown() {
    let server = server();
    server.run(&["rm", "-y", "a", "sales.trip"]).failed(66, &["`sales.trip`, did you mean `sales.trips`?"]);
    assert_eq!(names(&server), ["a", "b", "broken", "echo", "sales.trips"]);
}

#[test]
fn what_is_served_from_elsewhere_stays() {
    let server = server();
    for name in ["sales.trips", "broken"] {
        server.run(&["rm", "--yes", name]).failed(1, &[&format!("`{name}`")]);
    }
    assert_eq!(names(&server), ["a", "b", "broken", "echo", "sales.trips"]);
}

#[test]
fn a_name_is_needed() {
    assert_eq!(Server::start().run(&["rm", "--yes"]).code, Some(2));
}
