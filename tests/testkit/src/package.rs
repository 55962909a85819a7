//! Packages: a zip, and the same zip as AWS Signer returns it.

use sha2::{Digest, Sha384};

use crate::{
    pki::Pki,
    signature::{ENTRY_NAME, SignatureForge},
    zip::{EntryForge, ZipForge},
};

/// A small function in several files: a handler, a library in a directory, something executable.
#[must_use]
pub fn sample() -> ZipForge {
    ZipForge::new([
        EntryForge::file("index.mjs", SAMPLE_HANDLER),
        EntryForge::directory("lib/"),
        EntryForge::file(
            "lib/orders.mjs",
            "export const place = (order) => ({ ...order, placed: true });\n",
        ),
        EntryForge::file("bin/migrate", "#!/bin/sh\nexec node migrate.mjs\n")
            .stored()
            .mode(0o100_755),
    ])
}

const SAMPLE_HANDLER: &str = "\
import { place } from './lib/orders.mjs';
export const handler = async (event) => place(event.order);
";

/// The 48 bytes that a signature covers: SHA-384 over names and bodies in archive order, without
/// the signature's own entry. Archive order is that of the central directory.
#[must_use]
pub fn content_digest(zip: &ZipForge) -> Vec<u8> {
    let in_order: Vec<usize> = (0..zip.entries.len()).collect();
    let mut digest = Sha384::new();
    for index in zip.central_order.as_ref().unwrap_or(&in_order) {
        let entry = &zip.entries[*index];
        let Some(central) = &entry.central else {
            continue;
        };
        if central.header.name != ENTRY_NAME.as_bytes() {
            digest.update(&central.header.name);
            digest.update(&entry.body);
        }
    }
    digest.finalize().to_vec()
}

/// The package as Signer returns it: the entries, then `META_INF/`, then the signature.
#[must_use]
pub fn sign(zip: &ZipForge, pki: &Pki) -> ZipForge {
    sign_with(zip, pki, |_| ())
}

/// Like [`sign`], with something about the signature changed before it is made.
#[must_use]
pub fn sign_with(zip: &ZipForge, pki: &Pki, change: impl FnOnce(&mut SignatureForge)) -> ZipForge {
    let mut signed = zip.clone();
    signed.push(EntryForge::directory("META_INF/").mode(0o600));
    let mut signature = SignatureForge::new(pki, &content_digest(&signed));
    change(&mut signature);
    with_signature(&signed, &signature.entry())
}

/// The zip with this body as its signature entry, whatever it says.
#[must_use]
pub fn with_signature(zip: &ZipForge, entry: &[u8]) -> ZipForge {
    let mut signed = zip.clone();
    signed.push(EntryForge::file(ENTRY_NAME, entry).mode(0o600));
    signed
}
