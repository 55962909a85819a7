//! `countersign completions`: scripts that their shells can read, with every command in them.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::process::Command;

use countersign_testkit::checkout;

fn script(shell: &str) -> String {
    let output = Command::new(checkout::program("countersign"))
        .args(["completions", shell])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_is_completed() {
    for shell in ["bash", "zsh", "fish"] {
        let script = script(shell);
        for word in [
            "adopt",
            "audit",
            "impact",
            "push",
            "verify",
            "records-bucket",
            "completions",
        ] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let output = Command::new(checkout::program("countersign"))
        .arg("man")
        .arg(&pages)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    for (page, words) in [
        ("countersign.1", ["push", "verify", "adopt"]),
        (
            "countersign-push.1",
            [
                "uploads\\-bucket",
                ".SH EXAMPLES\n.nf\n",
                "COUNTERSIGN_UPLOADS_BUCKET",
            ],
        ),
        (
            "countersign-audit-impact.1",
            ["records\\-bucket", "ARN", "revocation"],
        ),
        (
            "countersign-csc-rotate.1",
            ["\\-\\-from", ".SH \"EXIT STATUS\"", "PUBLISHER"],
        ),
    ] {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".TH "), "{page}");
        assert!(!text.contains(".SH EXTRA"), "{page}");
        for word in words {
            assert!(text.contains(word), "{page}: no {word} in\n{text}");
        }
    }
}

#[test]
fn bash_completes_a_command() {
    // A shell that is not there cannot be asked.
    let program = r#"eval "$1"; COMP_WORDS=(countersign aud); COMP_CWORD=1; COMP_LINE="countersign aud"
        _countersign countersign aud countersign; printf '%s\n' "${COMPREPLY[@]}""#;
    let Ok(output) = Command::new("bash")
        .args(["-c", program, "bash", &script("bash")])
        .output()
    else {
        return;
    };
    let completed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        completed.trim(),
        "audit",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn unknown_shell_is_refused() {
    let output = Command::new(checkout::program("countersign"))
        .args(["completions", "tcsh"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
