//! One bit of a genuine attestation changed: it is refused, or proves the same.

use countersign_attest::{Bundle, verify};

use crate::{genuine, now};

/// A byte with one of its bits flipped, another bit for each. What may be changed
/// without an effect is what nobody signed and nobody reads: white space, the names of fields that are passed over.
#[test]
fn changed_bit_is_refused_or_without_effect() {
    // Every byte of the first, every fifth of the others: each takes two milliseconds, unoptimised.
    for ((bytes, root, subject), step) in genuine::all().into_iter().zip([1, 5, 5]) {
        let bundle = Bundle::parse(bytes).unwrap();
        let honest = verify(&bundle, &root, &subject, now()).unwrap();
        let (mut refused, mut without_effect) = (0_u32, 0_u32);
        let mut flipped = bytes.to_vec();
        for position in (0..bytes.len()).step_by(step) {
            flipped[position] ^= 1 << (position % 8);
            let outcome =
                Bundle::parse(&flipped).map(|bundle| verify(&bundle, &root, &subject, now()));
            match outcome {
                Ok(Ok(provenance)) => {
                    assert_eq!(provenance, honest, "byte {position}");
                    without_effect += 1;
                }
                _ => refused += 1,
            }
            flipped[position] = bytes[position];
        }
        // A test that refuses everything, or nothing, would say nothing.
        assert!(
            refused > 9 * without_effect,
            "{refused} refused, {without_effect} without effect"
        );
        assert!(without_effect > 0);
    }
}

#[test]
fn cut_attestation_is_refused() {
    for (bytes, _, _) in genuine::all() {
        for end in (0..bytes.trim_ascii_end().len()).step_by(97) {
            assert!(Bundle::parse(&bytes[..end]).is_err(), "{end}");
        }
    }
}
