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
