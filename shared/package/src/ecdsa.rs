//! ECDSA on P-384 with SHA-384, over exactly one encoding.

use p384::ecdsa::signature::Verifier as _;
use p384::ecdsa::{Signature, VerifyingKey};

use crate::ber::{INTEGER, Malformed, Reader, SEQUENCE};

/// Bytes of a scalar.
const SCALAR: usize = 48;

/// Why a value is not a signature of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EcdsaFault {
    /// Not strict DER of two integers.
    Encoding,
    /// An integer is zero, or not below the order of the curve.
    Range,
    /// Another key or another message.
    Mismatch,
}

/// Verifies the DER encoded `Ecdsa-Sig-Value` (RFC 5480) over `message`. A high s is as good as a low one: the
/// standard allows both, and nothing is known of Signer avoiding one of them.
pub(crate) fn verify(key: &VerifyingKey, message: &[u8], encoded: &[u8]) -> Result<(), EcdsaFault> {
    let (r, s) = integers(encoded).map_err(|_| EcdsaFault::Encoding)?;
    let (r, s) = scalar(r).zip(scalar(s)).ok_or(EcdsaFault::Range)?;
    let signature = Signature::from_scalars(r, s).map_err(|_| EcdsaFault::Range)?;
    key.verify(message, &signature)
        .map_err(|_| EcdsaFault::Mismatch)
}

fn integers(encoded: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut outer = Reader::new(encoded);
    let mut fields = outer.read(SEQUENCE, "signature value")?.reader();
    outer.finish("signature value")?;
    let r = fields.read(INTEGER, "r")?.integer()?;
    let s = fields.read(INTEGER, "s")?.integer()?;
    fields.finish("signature value")?;
    Ok((r, s))
}

/// The digits of an integer, filled up with zeros in front.
fn scalar(digits: &[u8]) -> Option<[u8; SCALAR]> {
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    let mut scalar = [0; SCALAR];
    let start = SCALAR.checked_sub(digits.len())?;
    scalar.get_mut(start..)?.copy_from_slice(digits);
    Some(scalar)
}
