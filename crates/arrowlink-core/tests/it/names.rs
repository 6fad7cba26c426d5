//! Names are parsed once, and only what is safe everywhere is one.

use arrowlink_core::{ErrorKind, Name};
use proptest::prelude::proptest;

fn check_refused(text: &str) {
    let error = Name::new(text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
    assert!(error.message().contains("is not a name: use one to 3 parts"), "{}", error.message());
}

#[test]
fn takes_one_to_three_parts() {
    for text in ["trips", "sales.orders", "a.b.c", "_private", "with-hyphen", "A1.b_2"] {
        assert_eq!(Name::new(text).unwrap().as_str(), text);
    }
}

#[test]
fn refuses_what_is_no_name() {
    for text in
        ["", ".", "a.", ".a", "a..b", "a.b.c.d", "1a", "-a", "a b", "a/b", "../etc/passwd", "ä", "a\0"]
    {
        check_refused(text);
    }
    check_refused(&"a".repeat(Name::MAX_BYTES + 1));
    assert!(Name::new(&"a".repeat(Name::MAX_BYTES)).is_ok());
}

#[test]
fn shows_what_it_refuses_without_control_characters() {
    let error = Name::new("a\n\u{1b}[31m").unwrap_err();
    assert!(error.message().starts_with("`a\\n\\u{1b}[31m` is not a name"), "{}", error.message());
}

proptest! {
    #[test]
    fn never_takes_what_a_path_could_leave_its_folder_with(text in ".*") {
        if let Ok(name) = Name::new(&text) {
            assert!(name.parts().count() <= Name::MAX_PARTS);
            assert!(!name.as_str().contains(['/', '\\', '\0']) && !name.as_str().contains(".."));
        }
    }
}
