//! The floor: what any verification of the same bytes has to do, with the fastest libraries there
//! are. One pass of inflating, SHA-384 over names and bodies, SHA-256 over the file; where the package is
//! small, also the signatures that the format has. It proves nothing: no structure is checked, no checksum, and the
//! signatures are not the package's.

use std::fmt::Write as _;

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey},
};
use countersign_package::{Archive, Entry, Limits, Method, SIGNATURE_ENTRY};
use flate2::{Decompress, FlushDecompress};
use libdeflater::Decompressor;
use p384::ecdsa::{Signature, SigningKey, signature::Signer as _};
use sha2::{Digest as _, Sha256, Sha384};

use crate::{Outcome, cli::Who, contestant::Report, measure::timed};

/// Below this size, unpacked, four signatures are a part of what has to be done that shows.
const SIGNATURES_COUNT_BELOW_BYTES: usize = 10_000_000;
/// The package's own signature, and those of three certificates.
const SIGNATURES: usize = 4;

/// A body as it lies in the file, found before the clock starts.
struct Body<'a> {
    name: &'a str,
    packed: &'a [u8],
    method: Method,
    size: usize,
}

/// Runs one of the floors.
pub(crate) fn run(who: Who, bytes: &[u8], passes: u32) -> Outcome<Report> {
    let bodies = locate(bytes)?;
    let mut report = Report::default();
    // One buffer for all bodies, in memory that has been touched before: page faults are not part
    // of the floor.
    let largest = bodies.iter().map(|body| body.size).max();
    let mut buffer = vec![1; largest.unwrap_or_default()];
    let unpacked: usize = bodies.iter().map(|body| body.size).sum();
    let signed = (unpacked < SIGNATURES_COUNT_BELOW_BYTES)
        .then(Signed::new)
        .transpose()?;
    for _ in 0..passes {
        let (digests, took) = timed(|| {
            if let Some(signed) = &signed {
                signed.verify_as_often_as_the_format_does()?;
            }
            pass(who, bytes, &bodies, &mut buffer)
        });
        report.digests = digests?;
        report.took = report.took.min(took);
    }
    Ok(report)
}

/// Something signed as packages are: ECDSA on P-384 over SHA-384.
struct Signed {
    key: ParsedPublicKey,
    signature: Vec<u8>,
}

impl Signed {
    const MESSAGE: &'static [u8] = b"one signature";

    fn new() -> Outcome<Self> {
        let key = SigningKey::from_slice(&[7; 48])?;
        let signature: Signature = key.sign(Self::MESSAGE);
        let point = key.verifying_key().to_sec1_point(false);
        Ok(Self {
            key: ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point.as_bytes())?,
            signature: signature.to_bytes().to_vec(),
        })
    }

    fn verify_as_often_as_the_format_does(&self) -> Outcome<()> {
        for _ in 0..SIGNATURES {
            self.key.verify_sig(Self::MESSAGE, &self.signature)?;
        }
        Ok(())
    }
}

/// Where the bodies are that the digest is over.
fn locate<'a>(bytes: &'a [u8]) -> Outcome<Vec<Body<'a>>> {
    let archive = Archive::parse(bytes, &Limits::default())?;
    let signed = archive
        .entries()
        .iter()
        .filter(|entry| entry.name() != SIGNATURE_ENTRY);
    let body = |entry: &Entry<'a>| -> Outcome<Body<'a>> {
        Ok(Body {
            name: entry.name(),
            packed: entry.packed(),
            method: entry.method(),
            size: usize::try_from(entry.size())?,
        })
    };
    signed.map(body).collect()
}

fn pass(who: Who, file: &[u8], bodies: &[Body<'_>], buffer: &mut [u8]) -> Outcome<String> {
    let mut inflate = inflater(who);
    match who {
        Who::LibdeflateAwsLc => {
            let mut content = digest::Context::new(&digest::SHA384);
            each(bodies, &mut *inflate, buffer, |part| content.update(part))?;
            let file = digest::digest(&digest::SHA256, file);
            Ok(digests(content.finish().as_ref(), file.as_ref()))
        }
        #[cfg(feature = "openssl")]
        Who::LibdeflateOpenssl => {
            let mut content = openssl::sha::Sha384::new();
            each(bodies, &mut *inflate, buffer, |part| content.update(part))?;
            Ok(digests(&content.finish(), &openssl::sha::sha256(file)))
        }
        _ => {
            let mut content = Sha384::new();
            each(bodies, &mut *inflate, buffer, |part| content.update(part))?;
            Ok(digests(&content.finalize(), &Sha256::digest(file)))
        }
    }
}

/// Inflates a whole body into a buffer of just its size.
type Inflate = dyn FnMut(&[u8], &mut [u8]) -> Outcome<()>;

fn inflater(who: Who) -> Box<Inflate> {
    if who == Who::ZlibRsSha2 {
        let mut inflater = Decompress::new(false);
        return Box::new(move |packed, body| {
            inflater.reset(false);
            inflater.decompress(packed, body, FlushDecompress::Finish)?;
            Ok(())
        });
    }
    let mut inflater = Decompressor::new();
    Box::new(move |packed, body| {
        inflater.deflate_decompress(packed, body)?;
        Ok(())
    })
}

fn each(
    bodies: &[Body<'_>],
    inflate: &mut Inflate,
    buffer: &mut [u8],
    mut take: impl FnMut(&[u8]),
) -> Outcome<()> {
    for body in bodies {
        take(body.name.as_bytes());
        match body.method {
            Method::Stored => take(body.packed),
            Method::Deflated => {
                let target = buffer.get_mut(..body.size).unwrap_or_default();
                inflate(body.packed, target)?;
                take(target);
            }
        }
    }
    Ok(())
}

/// The digests of content and file, to be compared between contestants.
pub(crate) fn digests(content: &[u8], file: &[u8]) -> String {
    let mut text = String::new();
    for byte in content.iter().chain(file) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
