//! The table, run against the core crate.

use std::collections::BTreeSet;

use countersign_cases::{Expected, check_every, table};

#[test]
fn every_row_has_its_expected_outcome() {
    check_every(|case| case.expected.compare(&case.build().judge()));
}

#[test]
fn row_names_are_unique() {
    let table = table();
    let names: BTreeSet<&str> = table.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), table.len(), "two rows share a name");
    let accepted = table
        .iter()
        .filter(|case| matches!(case.expected, Expected::Accepted))
        .count();
    assert!(table.len() >= 300, "{} rows", table.len());
    assert!(accepted >= 40, "{accepted} rows to accept");
}
