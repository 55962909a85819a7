//! `bench libraries`: the inflaters, hashes and curves to choose from, each by itself.

use std::{fs, hint::black_box, time::Duration};

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey},
};
use countersign_testkit::zip::deflate;
use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Decompressor;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use p384::ecdsa::{
    Signature, SigningKey, VerifyingKey,
    signature::{Signer as _, Verifier as _},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256, Sha384};
use zune_inflate::{DeflateDecoder, DeflateOptions};

use crate::{
    Outcome,
    cli::LibrariesOptions,
    content::Kind,
    measure::{count, rate, timed},
    table::Table,
};

const BYTES: usize = 50_000_000;

/// What one library does to a body and its deflated form; it returns something that depends on all
/// of it.
type Work = fn(&[u8], &[u8], &mut [u8]) -> Outcome<u64>;

const INFLATERS: [(&str, Work); 10] = [
    ("libdeflate, whole, into memory in use", libdeflate),
    ("libdeflate, whole, into fresh memory", |body, packed, _| {
        libdeflate(body, packed, &mut vec![0; body.len()])
    }),
    ("zlib-rs, whole, into memory in use", |_, packed, buffer| {
        zlib_rs(packed, buffer)
    }),
    ("zlib-rs, parts of 1 MiB", |_, packed, buffer| {
        zlib_rs(packed, part(buffer, 1 << 20))
    }),
    ("zlib-rs, parts of 256 KiB", |_, packed, buffer| {
        zlib_rs(packed, part(buffer, 256 << 10))
    }),
    ("zlib-rs, parts of 128 KiB", |_, packed, buffer| {
        zlib_rs(packed, part(buffer, 128 << 10))
    }),
    ("zlib-rs, parts of 64 KiB", |_, packed, buffer| {
        zlib_rs(packed, part(buffer, 64 << 10))
    }),
    ("zlib-rs, parts of 8 KiB", |_, packed, buffer| {
        zlib_rs(packed, part(buffer, 8 << 10))
    }),
    (
        "zune-inflate, whole, into fresh memory",
        |body, packed, _| {
            let options = DeflateOptions::default()
                .set_limit(body.len())
                .set_size_hint(body.len());
            let body = DeflateDecoder::new_with_options(packed, options).decode_deflate()?;
            Ok(count(body.len()))
        },
    ),
    (
        "miniz_oxide, whole, into memory in use",
        |_, packed, buffer| {
            let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
            let mut inflater = Box::<DecompressorOxide>::default();
            let (_, _, made) = decompress(&mut inflater, packed, buffer, 0, flags);
            Ok(count(made))
        },
    ),
];

const HASHES: [(&str, Work); 5] = [
    ("SHA-384, sha2", |body, _, _| {
        Ok(first(&Sha384::digest(body)))
    }),
    ("SHA-384, aws-lc-rs", |body, _, _| {
        Ok(first(digest::digest(&digest::SHA384, body).as_ref()))
    }),
    ("SHA-256, sha2", |body, _, _| {
        Ok(first(&Sha256::digest(body)))
    }),
    ("SHA-256, aws-lc-rs", |body, _, _| {
        Ok(first(digest::digest(&digest::SHA256, body).as_ref()))
    }),
    ("CRC-32, crc32fast", |body, _, _| {
        Ok(crc32fast::hash(body).into())
    }),
];

#[derive(Debug, Serialize)]
struct Row {
    library: &'static str,
    /// Megabytes of unpacked content a second of processor time.
    text: f64,
    noise: f64,
}

/// What goes into the JSON.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(rename = "megabytes_a_second")]
    rows: Vec<Row>,
    /// Of one verification of ECDSA on P-384, the key's decoding included.
    #[serde(rename = "p384_verification_seconds")]
    signatures: Vec<(&'static str, f64)>,
}

pub(crate) fn run(options: &LibrariesOptions) -> Outcome<()> {
    let mut contests: Vec<(&str, Work)> = INFLATERS.to_vec();
    contests.extend(HASHES);
    #[cfg(feature = "openssl")]
    contests.push(("SHA-384, OpenSSL", |body, _, _| {
        Ok(first(&openssl::sha::sha384(body)))
    }));
    let text = contest(Kind::Text, &contests, options.rounds)?;
    let noise = contest(Kind::Noise, &contests, options.rounds)?;
    let mut table = Table::new(["MB/s", "text-like", "incompressible"]);
    let mut rows = Vec::new();
    for ((library, _), (text, noise)) in contests.into_iter().zip(text.into_iter().zip(noise)) {
        table.row(&[
            library.to_owned(),
            format!("{text:.0}"),
            format!("{noise:.0}"),
        ]);
        rows.push(Row {
            library,
            text,
            noise,
        });
    }
    println!("{table}");
    let signatures = signatures(options.rounds)?;
    println!("{}", signature_table(&signatures));
    if let Some(directory) = options.json.parent() {
        fs::create_dir_all(directory)?;
    }
    let report = Report { rows, signatures };
    fs::write(&options.json, serde_json::to_string_pretty(&report)?)?;
    println!("Written to {}", options.json.display());
    Ok(())
}

/// The best rate of each library. They take turns, so that all see the same disturbances.
fn contest(kind: Kind, contests: &[(&str, Work)], rounds: u32) -> Outcome<Vec<f64>> {
    let body = kind.bytes(BYTES, 1);
    let packed = deflate(&body);
    let mut buffer = vec![1; body.len()];
    let mut best = vec![Duration::MAX; contests.len()];
    for _ in 0..rounds {
        for ((library, work), best) in contests.iter().zip(&mut best) {
            let (result, took) = timed(|| work(&body, &packed, &mut buffer));
            if black_box(result?) == 0 {
                return Err(format!("{library} did nothing").into());
            }
            *best = took.processor.min(*best);
        }
    }
    let rates = best.into_iter().map(|time| rate(count(BYTES), time));
    Ok(rates.collect())
}

/// A verification takes less than a millisecond, too little for one look at the clock.
const VERIFICATIONS: u32 = 20;

/// The best time of each library for one signature.
fn signatures(rounds: u32) -> Outcome<Vec<(&'static str, f64)>> {
    let message = b"message";
    let signer = SigningKey::from_slice(&[7; 48])?;
    let point = signer.verifying_key().to_sec1_point(false);
    let signature: Signature = signer.sign(message);
    let fixed = signature.to_bytes();
    let p384 = || Ok(VerifyingKey::from_sec1_bytes(point.as_bytes())?.verify(message, &signature)?);
    let aws_lc = || -> Outcome<()> {
        let key = ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point.as_bytes())?;
        Ok(key.verify_sig(message, &fixed)?)
    };
    let contests: [(&str, &dyn Fn() -> Outcome<()>); 2] = [("p384", &p384), ("aws-lc-rs", &aws_lc)];
    let mut best = contests.map(|(library, _)| (library, f64::MAX));
    for _ in 0..rounds {
        for ((_, verify), (_, best)) in contests.iter().zip(&mut best) {
            let (result, took) = timed(|| (0..VERIFICATIONS).try_for_each(|_| verify()));
            result?;
            *best = best.min(took.processor.as_secs_f64() / f64::from(VERIFICATIONS));
        }
    }
    Ok(best.to_vec())
}

fn signature_table(signatures: &[(&'static str, f64)]) -> Table {
    let mut table = Table::new(["ECDSA on P-384", "ms"]);
    for (library, seconds) in signatures {
        table.row(&[(*library).to_owned(), format!("{:.2}", seconds * 1e3)]);
    }
    table
}

fn libdeflate(_: &[u8], packed: &[u8], buffer: &mut [u8]) -> Outcome<u64> {
    let made = Decompressor::new().deflate_decompress(packed, buffer)?;
    Ok(count(made))
}

fn zlib_rs(mut packed: &[u8], buffer: &mut [u8]) -> Outcome<u64> {
    let mut inflater = Decompress::new(false);
    loop {
        let before = inflater.total_in();
        let status = inflater.decompress(packed, buffer, FlushDecompress::None)?;
        let taken = inflater.total_in().saturating_sub(before);
        packed = packed.get(usize::try_from(taken)?..).unwrap_or_default();
        black_box(&mut *buffer);
        if status == Status::StreamEnd {
            return Ok(inflater.total_out());
        }
    }
}

fn part(buffer: &mut [u8], length: usize) -> &mut [u8] {
    buffer.get_mut(..length).unwrap_or_default()
}

/// A number that the optimiser cannot know; never 0.
fn first(digest: &[u8]) -> u64 {
    u64::from(digest.first().copied().unwrap_or_default()).saturating_add(1)
}
