//! Input that cannot be used: exit status 2, and what standard error says about it.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod bench;

use bench::Bench;

#[test]
fn unusable_input_ends_with_status_2_and_says_what_to_do() {
    let bench = Bench::new();
    bench.put("garbage.json", b"{\"CodeSigningConfig\": {}}");
    bench.put("garbage.pem", b"not a certificate");
    let cases: [(&[&str], &str); 12] = [
        (&["verify"], "PACKAGE.zip"),
        (&["verify", "absent.zip"], "absent.zip"),
        (&["verify", "."], "directory"),
        (
            &["verify", "signed.zip", "--source", "absent.zip"],
            "the source absent.zip",
        ),
        (
            &["verify", "signed.zip", "--csc", "absent.json"],
            "absent.json",
        ),
        (
            &["verify", "signed.zip", "--csc", "garbage.json"],
            "get-code-signing-config",
        ),
        (
            &["verify", "signed.zip", "--trust-root", "garbage.pem"],
            "garbage.pem",
        ),
        (&["verify", "signed.zip", "--at", "yesterday"], "--at"),
        (&["verify", "signed.zip", "--format", "xml"], "xml"),
        (
            &["verify", "signed.zip", "--trust-everything"],
            "--trust-everything",
        ),
        (&["inspect", "root.pem"], "PKCS7"),
        (&["inspect", "enforce.json"], "enforce.json"),
    ];
    for (arguments, expected) in cases {
        let output = bench.run(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
