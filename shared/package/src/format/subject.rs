//! What is looked at, as far as it could be read.

use super::raw_signature::{RawSignature, body};
use crate::{
    limits::Limits,
    package::Package,
    signature::{Signature, SignatureError},
    signature_entry::SIGNATURE_ENTRY,
    zip::{RawHeaders, StructureError},
};

/// What a signature entry alone starts with.
const ARMOUR: &[u8] = b"-----BEGIN";

/// What is looked at: the package, or a signature entry alone.
pub(super) struct Subject<'a> {
    /// The headers as they stand; `None` for a signature entry alone, and where there is no zip.
    pub(super) headers: Option<RawHeaders<'a>>,
    /// What the parser that judges says of the zip; `None` for a signature entry alone.
    pub(super) package: Option<Result<Package<'a>, StructureError>>,
    /// The body of the signature entry, however it was found.
    pub(super) entry: Option<Vec<u8>>,
    /// What the parser that judges says of the signature.
    pub(super) signature: Option<Result<Signature, SignatureError>>,
    /// The signature as it stands.
    pub(super) raw: RawSignature,
}

impl<'a> Subject<'a> {
    pub(super) fn read(bytes: &'a [u8], limits: &Limits) -> Self {
        let is_entry = bytes.starts_with(ARMOUR);
        let headers = (!is_entry).then(|| RawHeaders::read(bytes)).flatten();
        let package = (!is_entry).then(|| Package::read(bytes, limits));
        let entry = if is_entry {
            Some(bytes.to_vec())
        } else {
            let proven = package.as_ref().and_then(|package| package.as_ref().ok());
            match proven {
                Some(package) => package.signature_entry().map(<[u8]>::to_vec),
                None => headers
                    .as_ref()
                    .and_then(|h| body(h.find(SIGNATURE_ENTRY)?)),
            }
        };
        Self {
            signature: entry.as_deref().map(Signature::parse),
            raw: entry.as_deref().map(RawSignature::read).unwrap_or_default(),
            headers,
            package,
            entry,
        }
    }

    /// The package, if the parser accepts it.
    pub(super) fn proven(&self) -> Option<&Package<'a>> {
        self.package.as_ref()?.as_ref().ok()
    }

    /// The signature, if the parser accepts it.
    pub(super) fn parsed(&self) -> Option<&Signature> {
        self.signature.as_ref()?.as_ref().ok()
    }

    /// Why nothing is known of the zip.
    pub(super) fn why_no_package(&self) -> String {
        match &self.package {
            None => "this is a signature entry alone".to_owned(),
            Some(Err(error)) => format!("the zip is refused: {}", without_names(error)),
            Some(Ok(_)) => "it is not there".to_owned(),
        }
    }

    /// Why nothing is known of the signature.
    pub(super) fn why_no_signature(&self) -> String {
        match &self.signature {
            None => "there is no signature entry".to_owned(),
            Some(Err(error)) => format!("the signature cannot be read: {error}"),
            Some(Ok(_)) => "it is not there".to_owned(),
        }
    }
}

/// An error without the names in it, which stand between backticks.
pub(super) fn without_names(error: &StructureError) -> String {
    let text = error.to_string();
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| if index % 2 == 0 { part } else { "<name>" })
        .collect()
}
