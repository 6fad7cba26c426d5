//! When a target is reached.

use arrowlink_benches::{Row, Summary, Target, Verdict};

/// Holds a median of `value` against a peer's of 2 and the target.
fn check(target: Target, value: f64, expected: Verdict) {
    let row = Row::new("ours", "GB/s", Summary::single(value)).with_target(target);
    assert_eq!(row.against("the peer", Summary::single(2.0)).verdict(), Some(expected));
}

#[test]
fn judges_ratios_that_are_to_be_large() {
    let target = Target::ratio_at_least(2.0, 3.0);
    check(target, 3.9, Verdict::Missed);
    check(target, 4.0, Verdict::Reached);
    check(target, 6.0, Verdict::AimReached);
}

#[test]
fn judges_ratios_that_are_to_be_small() {
    let target = Target::ratio_at_most(0.5, 0.25);
    check(target, 1.1, Verdict::Missed);
    check(target, 1.0, Verdict::Reached);
    check(target, 0.5, Verdict::AimReached);
}

#[test]
fn judges_values_whatever_the_ratio() {
    check(Target::at_most(64.0), 65.0, Verdict::Missed);
    check(Target::at_most(64.0), 64.0, Verdict::Reached);
    check(Target::at_most(64.0).with_aim(32.0), 32.0, Verdict::AimReached);
}

#[test]
fn has_no_verdict_without_a_peer_or_without_figures() {
    let target = Target::ratio_at_least(2.0, 3.0);
    assert_eq!(Row::new("ours", "GB/s", Summary::single(9.0)).with_target(target).verdict(), None);
    let absent = Row::absent("ours", "GB/s", "the server ended").with_target(target);
    assert_eq!(absent.against("the peer", Summary::single(2.0)).verdict(), None);
}

#[test]
fn has_no_verdict_on_what_is_no_number() {
    let row = Row::new("ours", "GB/s", Summary::single(1.0)).with_target(Target::ratio_at_most(1.0, 0.5));
    assert_eq!(row.against("the peer", Summary::single(0.0)).verdict(), Some(Verdict::Missed));
}
