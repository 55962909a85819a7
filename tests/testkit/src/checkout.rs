//! Where a test finds the files and programs of the checkout that it runs in.
//!
//! Cargo sets these variables when it runs a test. What `env!` reads is fixed when the test is
//! built: in a checkout that was copied or restored from a cache with its target directory, Cargo
//! takes the test for fresh, and it would look at the files and programs of the old place.

use std::{env, path::PathBuf};

/// The folder of the package that the test belongs to.
#[must_use]
pub fn package() -> PathBuf {
    let folder = env::var_os("CARGO_MANIFEST_DIR").expect("Cargo runs the tests and sets this");
    PathBuf::from(folder)
}

/// The root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    package()
        .ancestors()
        .find(|folder| folder.join("rust-toolchain.toml").is_file())
        .expect("each package lies in the checkout")
        .to_owned()
}

/// The path `name`, from the root of the checkout.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    root().join(name)
}

/// The program `name` of the package whose integration test this is, as Cargo has just built it.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let program = env::var_os(format!("CARGO_BIN_EXE_{name}"))
        .expect("Cargo sets this for integration tests of the package that has the program");
    PathBuf::from(program)
}
