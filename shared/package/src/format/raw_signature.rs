//! The signature as it stands, also where the parser that judges refuses it. Nothing rests on this reading.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use const_oid::ObjectIdentifier;
use flate2::{Decompress, FlushDecompress};

use crate::{
    asn1::{Element, INTEGER, OID, Reader, SEQUENCE, SET, context},
    zip::RawEntry,
};

/// Bytes of a signature entry that are unpacked for showing; genuine ones have about five thousand.
const MAX_ENTRY_BYTES: usize = 1 << 20;

/// What was read, as far as it could be.
#[derive(Debug, Clone, Default)]
pub(super) struct RawSignature {
    /// The levels from the outside, and whether each has an indefinite length.
    pub(super) levels: Vec<(&'static str, bool)>,
    pub(super) content_type: Option<ObjectIdentifier>,
    pub(super) version: Option<u64>,
    /// The type of the signed content, and whether the content is there.
    pub(super) content: Option<(ObjectIdentifier, bool)>,
    pub(super) certificates: Option<usize>,
    pub(super) has_revocation_lists: bool,
    pub(super) signers: Option<usize>,
    pub(super) signer: Option<RawSigner>,
}

/// The first signer.
#[derive(Debug, Clone, Default)]
pub(super) struct RawSigner {
    pub(super) version: Option<u64>,
    /// Whether it is named by issuer and serial number.
    pub(super) is_by_issuer: bool,
    pub(super) digest: Option<Algorithm>,
    /// Type and value of each signed attribute, the value encoded.
    pub(super) attributes: Vec<(ObjectIdentifier, Vec<u8>)>,
    /// Whether their encodings stand in the order of a DER SET.
    pub(super) is_ordered: bool,
    pub(super) signature: Option<Algorithm>,
    pub(super) has_unsigned_attributes: bool,
}

/// An algorithm, and the encoded parameters beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) oid: ObjectIdentifier,
    pub(super) parameters: Vec<u8>,
}

impl RawSignature {
    /// Reads what can be read of the entry's body.
    pub(super) fn read(entry: &[u8]) -> Self {
        let mut found = Self::default();
        if let Some(bytes) = unarmour(entry) {
            // Ends where something cannot be read; what was found until then is kept.
            let _ = found.read_content_info(&bytes);
        }
        found
    }

    fn open<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        tag: u8,
        field: &'static str,
    ) -> Option<Element<'a>> {
        let element = reader.read_open(tag, field).ok()?;
        self.levels
            .push((field, element.whole.get(1) == Some(&0x80)));
        Some(element)
    }

    fn read_content_info(&mut self, bytes: &[u8]) -> Option<()> {
        let content_info = self.open(&mut Reader::new(bytes), SEQUENCE, "ContentInfo")?;
        let mut fields = content_info.reader();
        self.content_type = Some(fields.read(OID, "contentType").ok()?.oid().ok()?);
        let content = self.open(&mut fields, context(0), "content")?;
        let signed_data = self.open(&mut content.reader(), SEQUENCE, "SignedData")?;
        let mut fields = signed_data.reader();
        self.version = Some(fields.read(INTEGER, "version").ok()?.unsigned().ok()?);
        self.open(&mut fields, SET, "digestAlgorithms")?;
        let encapsulated = self.open(&mut fields, SEQUENCE, "encapContentInfo")?;
        let mut inside = encapsulated.reader();
        let oid = inside.read(OID, "eContentType").ok()?.oid().ok()?;
        self.content = Some((oid, !inside.is_empty()));
        let set = self.open(&mut fields, context(0), "certificates")?;
        self.certificates = Some(count(&set));
        if fields.next_is(context(1)) {
            self.has_revocation_lists = true;
            self.open(&mut fields, context(1), "crls")?;
        }
        let set = self.open(&mut fields, SET, "signerInfos")?;
        self.signers = Some(count(&set));
        let info = self.open(&mut set.reader(), SEQUENCE, "SignerInfo")?;
        let mut signer = RawSigner::default();
        let _ = signer.read(&info);
        self.signer = Some(signer);
        Some(())
    }
}

impl RawSigner {
    fn read(&mut self, info: &Element<'_>) -> Option<()> {
        let mut fields = info.reader();
        self.version = Some(fields.read(INTEGER, "version").ok()?.unsigned().ok()?);
        self.is_by_issuer = fields.next_is(SEQUENCE);
        fields.any("sid").ok()?;
        self.digest = Algorithm::read(&fields.read(SEQUENCE, "digestAlgorithm").ok()?);
        if fields.next_is(context(0)) {
            let mut attributes = fields.read(context(0), "signedAttrs").ok()?.reader();
            let mut previous: &[u8] = &[];
            self.is_ordered = true;
            while let Ok(attribute) = attributes.read(SEQUENCE, "attribute") {
                self.is_ordered &= previous < attribute.whole;
                previous = attribute.whole;
                let mut inside = attribute.reader();
                let oid = inside.read(OID, "attrType").ok()?.oid().ok()?;
                let values = inside.read(SET, "attrValues").ok()?;
                self.attributes.push((oid, values.contents.to_vec()));
            }
        }
        self.signature = Algorithm::read(&fields.read(SEQUENCE, "signatureAlgorithm").ok()?);
        fields.any("signature").ok()?;
        self.has_unsigned_attributes = !fields.is_empty();
        Some(())
    }
}

impl Algorithm {
    fn read(element: &Element<'_>) -> Option<Self> {
        let mut fields = element.reader();
        let oid = fields.read(OID, "algorithm").ok()?.oid().ok()?;
        let parameters = if fields.is_empty() {
            Vec::new()
        } else {
            fields.any("parameters").ok()?.whole.to_vec()
        };
        Some(Self { oid, parameters })
    }
}

/// How many elements there are in a set.
fn count(set: &Element<'_>) -> usize {
    let mut reader = set.reader();
    let mut count: usize = 0;
    while !reader.is_empty() && reader.any("element").is_ok() {
        count = count.saturating_add(1);
    }
    count
}

/// What is between the lines that start with hyphens, whatever the lengths and ends of lines.
fn unarmour(entry: &[u8]) -> Option<Vec<u8>> {
    let mut encoded = Vec::new();
    for line in entry.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if !line.starts_with(b"-----") {
            encoded.extend_from_slice(line);
        }
    }
    STANDARD.decode(encoded).ok()
}

/// The body of an entry, if it is stored or deflated and not larger than a signature can be.
pub(super) fn body(entry: &RawEntry<'_>) -> Option<Vec<u8>> {
    let packed = entry.packed()?;
    match entry.common.method {
        0 => (packed.len() <= MAX_ENTRY_BYTES).then(|| packed.to_vec()),
        8 => {
            let mut unpacked = Vec::with_capacity(MAX_ENTRY_BYTES);
            // Writes no more than the capacity.
            Decompress::new(false)
                .decompress_vec(packed, &mut unpacked, FlushDecompress::Finish)
                .ok()?;
            Some(unpacked)
        }
        _ => None,
    }
}
