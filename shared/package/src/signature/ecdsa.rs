//! ECDSA on P-384 with SHA-384, over exactly one encoding.
//!
//! The arithmetic is AWS-LC's. What may be asked of it is decided here: it sees points and scalars
//! of one size, and no encoding that somebody else wrote.

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};

use crate::asn1::{INTEGER, Malformed, Reader, SEQUENCE};

/// Bytes of a scalar, and of a coordinate.
const SCALAR_BYTES: usize = 48;

/// The order of P-384 (SEC 2, version 2, §2.5.1).
const ORDER: [u8; SCALAR_BYTES] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

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

/// A point on the curve that verifies signatures.
#[derive(Debug, Clone)]
pub(crate) struct VerifyingKey(ParsedPublicKey);

impl VerifyingKey {
    /// Reads an uncompressed point (SEC 1 §2.3.3), and nothing if it is any other or not on the
    /// curve.
    pub(crate) fn from_point(point: &[u8]) -> Option<Self> {
        let coordinates = point.strip_prefix(&[0x04])?;
        let is_whole = coordinates.len() == SCALAR_BYTES.checked_mul(2)?;
        let key = is_whole.then(|| ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point))?;
        key.ok().map(Self)
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref() == other.0.as_ref()
    }
}

impl Eq for VerifyingKey {}

/// Verifies the DER encoded `Ecdsa-Sig-Value` (RFC 5480) over `message`. A high s is as good as a
/// low one: the standard allows both, and nothing is known of Signer avoiding one of them.
pub(crate) fn verify(key: &VerifyingKey, message: &[u8], encoded: &[u8]) -> Result<(), EcdsaFault> {
    let (r, s) = integers(encoded).map_err(|_| EcdsaFault::Encoding)?;
    let (r, s) = scalar(r).zip(scalar(s)).ok_or(EcdsaFault::Range)?;
    key.0
        .verify_sig(message, &[r, s].concat())
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

/// The digits of an integer, filled up with zeros in front, if it is at least 1 and below the
/// order.
fn scalar(digits: &[u8]) -> Option<[u8; SCALAR_BYTES]> {
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    let mut scalar = [0; SCALAR_BYTES];
    let start = SCALAR_BYTES.checked_sub(digits.len())?;
    scalar.get_mut(start..)?.copy_from_slice(digits);
    // Of one length, so that the order of the bytes is that of the numbers.
    ([0; SCALAR_BYTES] < scalar && scalar < ORDER).then_some(scalar)
}

#[cfg(test)]
mod tests {
    use p384::ecdsa::signature::Signer as _;
    use p384::ecdsa::{Signature, SigningKey};

    use super::*;

    fn encode(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |digits: &[u8]| {
            let digits = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
            let sign = digits.first().is_none_or(|first| *first >= 0x80);
            let digits = [if sign { &[0][..] } else { &[] }, digits].concat();
            [
                &[INTEGER, u8::try_from(digits.len()).unwrap()],
                digits.as_slice(),
            ]
            .concat()
        };
        let inside = [integer(r), integer(s)].concat();
        [
            &[SEQUENCE, u8::try_from(inside.len()).unwrap()],
            inside.as_slice(),
        ]
        .concat()
    }

    fn point(signing_key: &SigningKey) -> Vec<u8> {
        let point = signing_key.verifying_key().to_sec1_point(false);
        point.as_bytes().to_vec()
    }

    #[test]
    fn key_is_an_uncompressed_point_on_the_curve() {
        let signing_key = SigningKey::from_slice(&[7; 48]).unwrap();
        let sound = point(&signing_key);
        let key = VerifyingKey::from_point(&sound).unwrap();
        assert_eq!(Some(key), VerifyingKey::from_point(&sound));
        let other = point(&SigningKey::from_slice(&[8; 48]).unwrap());
        assert_ne!(
            VerifyingKey::from_point(&other),
            VerifyingKey::from_point(&sound)
        );

        let compressed = signing_key.verifying_key().to_sec1_point(true);
        let mut hybrid = sound.clone();
        hybrid[0] = 0x06 | (sound[96] & 1);
        let mut beside_the_curve = sound.clone();
        beside_the_curve[96] ^= 1;
        // Both coordinates are the field's prime or more.
        let mut out_of_the_field = vec![0xff; 97];
        out_of_the_field[0] = 0x04;
        let mut longer = sound.clone();
        longer.push(0);
        for point in [
            &[][..],
            &[0],
            &[0x04],
            compressed.as_bytes(),
            &hybrid,
            &beside_the_curve,
            &out_of_the_field,
            &longer,
            &sound[..96],
        ] {
            assert_eq!(VerifyingKey::from_point(point), None, "{point:02x?}");
        }
    }

    #[test]
    fn signature_has_one_encoding_and_two_values() {
        let signing_key = SigningKey::from_slice(&[7; 48]).unwrap();
        let key = VerifyingKey::from_point(&point(&signing_key)).unwrap();
        let signature: Signature = signing_key.sign(b"message");
        let (r, s) = signature.split_bytes();
        let sound = encode(&r, &s);
        assert_eq!(verify(&key, b"message", &sound), Ok(()));
        assert_eq!(verify(&key, b"massage", &sound), Err(EcdsaFault::Mismatch));

        // n - s is as good as s.
        let mut other = ORDER;
        let mut borrow = 0_i16;
        for (digit, subtrahend) in other.iter_mut().zip(s).rev() {
            let difference = i16::from(*digit) - i16::from(subtrahend) - borrow;
            borrow = i16::from(difference < 0);
            *digit = u8::try_from(difference.rem_euclid(256)).unwrap();
        }
        assert_eq!(verify(&key, b"message", &encode(&r, &other)), Ok(()));

        for (r, s) in [
            (&[0][..], &s[..]),
            (&r, &[0]),
            (&ORDER, &s),
            (&r, &ORDER),
            (&[1; 49], &s),
        ] {
            assert_eq!(
                verify(&key, b"message", &encode(r, s)),
                Err(EcdsaFault::Range)
            );
        }

        let mut longer = sound.clone();
        longer.push(0);
        let mut padded = sound.clone();
        padded[1] += 1;
        padded[3] += 1;
        padded.insert(4, 0);
        let mut negative = encode(&[0x7f; 48], &s);
        negative[4] = 0xff;
        for encoding in [
            &[][..],
            &[0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0],
            &longer,
            &padded,
            &negative,
        ] {
            let result = verify(&key, b"message", encoding);
            assert_eq!(result, Err(EcdsaFault::Encoding), "{encoding:02x?}");
        }
    }
}
