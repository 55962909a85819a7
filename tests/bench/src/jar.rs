//! `jarsigner`, the JDK's own: the same content as a jar, signed with the same kind of key.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Outcome,
    fixture::tamper,
    measure::{Finished, process},
};

const PASSWORD: &str = "countersign";
const ALIAS: &str = "bench";

/// A signed jar and a tampered one.
#[derive(Debug)]
pub(crate) struct Jar {
    signed: PathBuf,
    tampered: PathBuf,
    keys: PathBuf,
}

/// Why there is no comparison on this machine, or nothing.
pub(crate) fn missing() -> Option<String> {
    ["keytool", "jarsigner"]
        .into_iter()
        .find(|tool| Command::new(tool).arg("-help").output().is_err())
        .map(|tool| format!("{tool} is not installed: it comes with a JDK, 17 or newer"))
}

impl Jar {
    /// Signs the content of `source` with a P-384 key and SHA-384, as Signer does.
    pub(crate) fn sign(source: &Path, directory: &Path) -> Outcome<Self> {
        let jar = Self {
            signed: directory.join("signed.jar"),
            tampered: directory.join("tampered.jar"),
            keys: directory.join("keys.p12"),
        };
        if !jar.keys.exists() {
            let mut keytool = Command::new("keytool");
            keytool.args(["-genkeypair", "-keyalg", "EC", "-groupname", "secp384r1"]);
            keytool.args(["-sigalg", "SHA384withECDSA", "-dname", "CN=bench"]);
            keytool.args(["-alias", ALIAS, "-storepass", PASSWORD, "-keystore"]);
            succeed(&process(keytool.arg(&jar.keys))?)?;
        }
        let mut jarsigner = Command::new("jarsigner");
        jarsigner.args(["-digestalg", "SHA-384", "-sigalg", "SHA384withECDSA"]);
        jarsigner.args(["-storepass", PASSWORD, "-keystore"]);
        jarsigner.arg(&jar.keys).arg("-signedjar").arg(&jar.signed);
        succeed(&process(jarsigner.arg(source).arg(ALIAS))?)?;
        let mut bytes = fs::read(&jar.signed)?;
        tamper(&mut bytes)?;
        fs::write(&jar.tampered, &bytes)?;
        Ok(jar)
    }

    /// Verifies the signed jar.
    pub(crate) fn verify(&self) -> Outcome<Finished> {
        let finished = self.run(&self.signed)?;
        if says_verified(&finished) {
            Ok(finished)
        } else {
            Err(told("jarsigner refused its own jar", &finished).into())
        }
    }

    /// Fails unless the tampered jar is refused.
    pub(crate) fn refuses(&self) -> Outcome<()> {
        let finished = self.run(&self.tampered)?;
        if says_verified(&finished) {
            return Err("jarsigner took a tampered jar".into());
        }
        Ok(())
    }

    fn run(&self, jar: &Path) -> Outcome<Finished> {
        let mut jarsigner = Command::new("jarsigner");
        jarsigner.args(["-verify", "-storepass", PASSWORD, "-keystore"]);
        process(jarsigner.arg(&self.keys).arg(jar))
    }
}

fn says_verified(finished: &Finished) -> bool {
    let text = String::from_utf8_lossy(&finished.output.stdout);
    finished.output.status.success() && text.lines().any(|line| line == "jar verified.")
}

fn succeed(finished: &Finished) -> Outcome<()> {
    if finished.output.status.success() {
        return Ok(());
    }
    Err(told("a tool of the JDK failed", finished).into())
}

fn told(what: &str, finished: &Finished) -> String {
    let said = [&finished.output.stdout, &finished.output.stderr];
    let said = said.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    format!("{what}: {}", said.concat())
}
