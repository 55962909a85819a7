//! ASN.1 as the signature uses it: DER, and the little of BER that Signer writes.
//!
//! Lives here: the [`Reader`] of elements (tag, length, contents), the primitive types, and times.
//!
//! May use: nothing of this crate.
//!
//! Data passes through like this: a [`Reader`] gives one [`Element`] after another; an element is
//! read as an integer, an identifier, a text or a time, each in its one form; anything else is a
//! [`Malformed`] with its offset and field.

mod reader;
mod time;

pub(crate) use reader::{
    BIT_STRING, BMP_STRING, BOOLEAN, Element, GENERALIZED_TIME, IA5_STRING, INTEGER, Malformed,
    NUMERIC_STRING, OCTET_STRING, OID, PRINTABLE_STRING, Reader, SEQUENCE, SET, TELETEX_STRING,
    UNIVERSAL_STRING, UTC_TIME, UTF8_STRING, algorithm, context,
};
