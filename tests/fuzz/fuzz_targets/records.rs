//! The body lives in `countersign_cases::fuzz`, which the ordinary tests run, too.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countersign_cases::fuzz::records(bytes));
