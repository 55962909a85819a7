//! Writes what each target starts from into `corpus/<target>/`.

use std::path::PathBuf;
use std::{env, fs, io};

use countersign_cases::fuzz::TARGETS;

fn main() -> io::Result<()> {
    // Read at run time: a program that was copied with its checkout writes into the copy.
    let package = env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| {
        io::Error::other("CARGO_MANIFEST_DIR is not set; start this by `cargo run`")
    })?;
    let corpus = PathBuf::from(package).join("corpus");
    for target in TARGETS {
        let folder = corpus.join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
        println!("{}: {} seeds", folder.display(), seeds.len());
    }
    Ok(())
}
