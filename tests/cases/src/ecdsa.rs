//! Rows about the signature value, after the negative cases that Project Wycheproof collects for
//! ECDSA: numbers out of range, and encodings that are not strict DER.

use countersign_package::SignatureError as E;
use countersign_testkit::asn1;
use countersign_testkit::pki::Ecdsa;

use crate::{Case, Expected, accept, refuse, signature, with_signature};

/// The order of P-384 (SEC 2 §2.5.1).
const ORDER: [u8; 48] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF,
    0x58, 0x1A, 0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = numbers();
    cases.extend(encodings());
    cases
}

/// A row in which r and s become octets in another way.
fn row(what: &str, expected: Expected, encode: fn(&Ecdsa) -> Vec<u8>) -> Case {
    refuse(what, expected, move || {
        with_signature(|signature| signature.signer().encode = encode)
    })
}

/// DER of r and s.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    Ecdsa {
        r: r.to_vec(),
        s: s.to_vec(),
    }
    .der()
}

fn numbers() -> Vec<Case> {
    let range = || signature!(E::EcdsaRange);
    let mismatch = || signature!(E::SignatureMismatch);
    vec![
        accept("the higher of the two values of s", || {
            with_signature(|signature| signature.signer().encode = |it| der(&it.r, &larger(&it.s)))
        }),
        accept("the lower of the two values of s", || {
            with_signature(|signature| {
                signature.signer().encode = |it| der(&it.r, &difference(&ORDER, &larger(&it.s)));
            })
        }),
        row("r and s of zero", range(), |_| der(&[0], &[0])),
        row("r of zero", range(), |it| der(&[0], &it.s)),
        row("s of zero", range(), |it| der(&it.r, &[0])),
        row("r of the order", range(), |it| der(&ORDER, &it.s)),
        row("s of the order", range(), |it| der(&it.r, &ORDER)),
        row("r and s of the order", range(), |_| der(&ORDER, &ORDER)),
        row("r of zero and s of the order", range(), |_| {
            der(&[0], &ORDER)
        }),
        row("r plus the order", range(), |it| {
            der(&sum(&it.r, &ORDER), &it.s)
        }),
        row("s plus the order", range(), |it| {
            der(&it.r, &sum(&it.s, &ORDER))
        }),
        row("r of 49 bytes of ones", range(), |it| {
            der(&[0xFF; 49], &it.s)
        }),
        row("r of a thousand bytes", range(), |it| {
            der(&[0x7F; 1_000], &it.s)
        }),
        row("r and s of one", mismatch(), |_| der(&[1], &[1])),
        row("r and s of the order less one", mismatch(), |_| {
            der(&difference(&ORDER, &[1]), &difference(&ORDER, &[1]))
        }),
        row("r and s exchanged", mismatch(), |it| der(&it.s, &it.r)),
        row("r with a bit flipped", mismatch(), |it| {
            let mut r = it.r.clone();
            r[47] ^= 1;
            der(&r, &it.s)
        }),
        row("r negated modulo the order", mismatch(), |it| {
            der(&difference(&ORDER, &it.r), &it.s)
        }),
    ]
}

fn encodings() -> Vec<Case> {
    let encoding = || signature!(E::EcdsaEncoding);
    vec![
        row("no signature value", encoding(), |_| Vec::new()),
        row("a signature value of NULL", encoding(), |_| asn1::null()),
        row("r and s side by side, without DER", encoding(), |it| {
            [&it.r[..], &it.s].concat()
        }),
        row("a negative r", encoding(), |it| {
            asn1::sequence([asn1::tlv(0x02, &larger(&it.r)), asn1::unsigned(&it.s)])
        }),
        row("a negative s", encoding(), |it| {
            asn1::sequence([asn1::unsigned(&it.r), asn1::tlv(0x02, &larger(&it.s))])
        }),
        row("r of minus one", encoding(), |it| {
            asn1::sequence([asn1::tlv(0x02, &[0xFF]), asn1::unsigned(&it.s)])
        }),
        row("r with two zeros in front", encoding(), |it| {
            asn1::sequence([
                asn1::tlv(0x02, &[&[0, 0][..], &it.r].concat()),
                asn1::unsigned(&it.s),
            ])
        }),
        row("r of no octets", encoding(), |it| {
            asn1::sequence([asn1::tlv(0x02, &[]), asn1::unsigned(&it.s)])
        }),
        row("a long-form length of the SEQUENCE", encoding(), |it| {
            asn1::long_form(0x30, 2, &pair(it))
        }),
        row("a long-form length of r", encoding(), |it| {
            let r = [&[0][..], &it.r].concat();
            asn1::sequence([asn1::long_form(0x02, 1, &r), asn1::unsigned(&it.s)])
        }),
        row("a SEQUENCE of indefinite length", encoding(), |it| {
            asn1::indefinite(0x30, &pair(it))
        }),
        row("a SET in place of the SEQUENCE", encoding(), |it| {
            asn1::tlv(0x31, &pair(it))
        }),
        row("an ENUMERATED in place of r", encoding(), |it| {
            let mut r = asn1::unsigned(&it.r);
            r[0] = 0x0A;
            asn1::sequence([r, asn1::unsigned(&it.s)])
        }),
        row("a byte after the signature value", encoding(), |it| {
            [it.der(), vec![0]].concat()
        }),
        row("NULL after s", encoding(), |it| {
            asn1::sequence([asn1::unsigned(&it.r), asn1::unsigned(&it.s), asn1::null()])
        }),
        row("three numbers", encoding(), |it| {
            asn1::sequence([
                asn1::unsigned(&it.r),
                asn1::unsigned(&it.s),
                asn1::unsigned(&it.s),
            ])
        }),
        row("r alone", encoding(), |it| {
            asn1::sequence([asn1::unsigned(&it.r)])
        }),
        row("a SEQUENCE of nothing", encoding(), |_| {
            asn1::tlv(0x30, &[])
        }),
        row("a SEQUENCE cut short", encoding(), |it| {
            let mut value = it.der();
            value.pop();
            value
        }),
        row("a length that runs past the value", encoding(), |it| {
            let mut value = it.der();
            value[1] += 1;
            value
        }),
        row(
            "a signature value inside an OCTET STRING of its own",
            encoding(),
            |it| asn1::octets(&it.der()),
        ),
    ]
}

/// r and s without their SEQUENCE.
fn pair(value: &Ecdsa) -> Vec<u8> {
    asn1::concat([asn1::unsigned(&value.r), asn1::unsigned(&value.s)])
}

/// Of a number and its negative modulo the order, the one with the first bit set.
fn larger(number: &[u8]) -> Vec<u8> {
    let other = difference(&ORDER, number);
    if number > &other[..] {
        number.to_vec()
    } else {
        other
    }
}

/// `a + b`, one byte wider than `a`.
fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut result = vec![0; a.len() + 1];
    let mut carry = 0_u16;
    for index in 0..a.len() {
        let digit = |number: &[u8]| u16::from(number[number.len() - 1 - index]);
        carry += digit(a) + digit(b);
        let at = result.len() - 1 - index;
        result[at] = carry as u8;
        carry >>= 8;
    }
    result[0] = carry as u8;
    result
}

/// `a - b`, as wide as `a`; `b` is not greater, and may be shorter.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut result = a.to_vec();
    let mut borrow = false;
    for index in 0..a.len() {
        let at = a.len() - 1 - index;
        let subtrahend = b.len().checked_sub(index + 1).map_or(0, |at| b[at]);
        let (first, under) = a[at].overflowing_sub(subtrahend);
        let (digit, under_again) = first.overflowing_sub(u8::from(borrow));
        result[at] = digit;
        borrow = under || under_again;
    }
    result
}
