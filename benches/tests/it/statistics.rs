//! The median and the spread of repetitions.

use arrowlink_benches::Summary;

fn check(values: &[f64], expected: (f64, f64, f64)) {
    let summary = Summary::of(values).expect("there are values");
    assert_eq!((summary.median, summary.least, summary.most), expected);
}

#[test]
fn takes_the_value_in_the_middle_whatever_the_order() {
    check(&[9.0, 1.0, 4.0], (4.0, 1.0, 9.0));
    check(&[4.0, 9.0, 1.0, 2.0, 3.0], (3.0, 1.0, 9.0));
}

#[test]
fn takes_the_mean_of_the_two_in_the_middle() {
    check(&[4.0, 1.0, 2.0, 8.0], (3.0, 1.0, 8.0));
}

#[test]
fn takes_the_only_value() {
    check(&[5.0], (5.0, 5.0, 5.0));
    assert_eq!(Summary::of(&[5.0]), Some(Summary::single(5.0)));
}

#[test]
fn says_nothing_of_nothing() {
    assert_eq!(Summary::of(&[]), None);
}
