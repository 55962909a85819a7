//! Input that cannot be used: exit status 2, and what standard error says about it.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod bench;

use std::fs;

use countersign_cases::PKI;
use countersign_testkit::{
    package::{content_digest, sample},
    pki::pem,
    signature::SignatureForge,
};

use bench::Bench;

#[test]
fn csc_error_names_field_and_cause() {
    let bench = Bench::new();
    let good = fs::read_to_string(bench.path("enforce.json")).unwrap();
    let arn = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0";
    let of_function = format!(r#"{{"CodeSigningConfigArn": "{arn}", "FunctionName": "shop"}}"#);
    let utf16: Vec<u8> = format!("\u{feff}{good}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let cases: [(Vec<u8>, &[&str]); 4] = [
        (
            good.replace("Enforce", "enforce").into(),
            &["UntrustedArtifactOnDeployment", "`enforce`", "line 5"],
        ),
        (
            good.replace("arn:aws:lambda", "arn:aws:lambada").into(),
            &["CodeSigningConfigArn", "lambada"],
        ),
        (
            of_function.into(),
            &[
                "get-function-code-signing-config",
                "--code-signing-config-arn arn:aws:lambda",
            ],
        ),
        (utf16, &["UTF-16", "Out-File -Encoding utf8"]),
    ];
    for (json, expected) in cases {
        bench.put("csc.json", &json);
        let output = bench.run(&["verify", "signed.zip", "--csc", "csc.json"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        for expected in expected {
            assert!(told.contains(expected), "no {expected} in {told}");
        }
    }
    bench.put("csc.json", format!("\u{feff}{good}").as_bytes());
    let marked = bench.run(&["verify", "signed.zip", "--csc", "csc.json"]);
    assert_eq!(marked.status.code(), Some(1), "{marked:?}");
}

#[test]
fn time_error_gives_an_example() {
    let bench = Bench::new();
    for moment in [
        "yesterday",
        "2026-11-21",
        "2026-11-21T22:00:00",
        "2026-11-21T25:00:00Z",
        "",
    ] {
        let output = bench.run(&["verify", "signed.zip", "--at", moment]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{moment}: {told}");
        assert!(
            told.contains("such as 2026-11-21T22:00:00Z"),
            "{moment}: {told}"
        );
    }
    let output = bench.run(&["verify", "signed.zip", "--at", "2026-11-21T23:00:00+01:00"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn trust_root_error_names_the_reason() {
    let bench = Bench::new();
    let root = PKI.root_pem();
    let der = &PKI.root;
    let leaf = pem(&PKI.leaf);
    let cases: [(&str, Vec<u8>, &[&str]); 8] = [
        (
            "root.der",
            der.clone(),
            &["it is DER", "openssl x509 -inform der -in 'root.der'"],
        ),
        (
            "blanks.pem",
            root.replace('\n', " \n").into(),
            &["line 1 begins or ends with a blank"],
        ),
        (
            "indented.pem",
            root.replace("\n-----END", "\n  -----END").into(),
            &["begins or ends with a blank"],
        ),
        (
            "key.pem",
            format!("{root}-----BEGIN EC PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----\n")
                .into(),
            &["private key"],
        ),
        (
            "request.pem",
            b"-----BEGIN CERTIFICATE REQUEST-----\nAQID\n-----END CERTIFICATE REQUEST-----\n"
                .to_vec(),
            &["CERTIFICATE REQUEST"],
        ),
        (
            "leaf.pem",
            format!("{root}{leaf}").into(),
            &["certificate 2 is refused", "not a CA"],
        ),
        (
            "many.pem",
            root.repeat(17).into(),
            &["certificate 17", "too many"],
        ),
        (
            "wide.pem",
            root.encode_utf16().fold(vec![0xff, 0xfe], |mut all, unit| {
                all.extend(unit.to_le_bytes());
                all
            }),
            &["UTF-16"],
        ),
    ];
    for (name, bytes, expected) in cases {
        bench.put(name, &bytes);
        let output = bench.run(&["verify", "signed.zip", "--trust-root", name]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {told}");
        for expected in expected {
            assert!(told.contains(expected), "no {expected} in {told}");
        }
    }
}

#[test]
fn changed_signature_is_recognised() {
    let bench = Bench::new();
    let signature = SignatureForge::new(&PKI, &content_digest(&sample()));
    let entry = String::from_utf8(signature.entry()).unwrap();
    let bare = signature.ber();
    for (name, bytes, expected) in [
        (
            "newline.SF",
            format!("\n{entry}").into_bytes(),
            "a signature with something before",
        ),
        (
            "marked.SF",
            format!("\u{feff}{entry}").into_bytes(),
            "a signature with something before",
        ),
        ("bare.der", bare, "a signature without its armour"),
    ] {
        bench.put(name, &bytes);
        let output = bench.run(&["inspect", name]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {told}");
        assert!(told.contains(expected), "no {expected} in {told}");
    }
}

#[test]
fn oversized_file_is_not_read() {
    let bench = Bench::new();
    let file = fs::File::create(bench.path("large.zip")).unwrap();
    // Holes: it takes no room on the disk. Its size alone is looked at, or all the memory there is would fill.
    file.set_len(1 << 36).unwrap();
    let output = bench.run(&["verify", "large.zip"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("more than 1073741824 bytes"), "{told}");
}

#[test]
fn unusable_input_exits_2_with_a_fix() {
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
