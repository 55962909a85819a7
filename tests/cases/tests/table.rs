//! The table, run against the core crate.

use std::collections::BTreeSet;

use countersign_cases::{Expected, check_every, table};

#[test]
fn every_row_comes_out_as_it_must() {
    check_every(|case| case.expected.compare(&case.build().judge()));
}

#[test]
fn rows_have_names_of_their_own_and_are_many() {
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
