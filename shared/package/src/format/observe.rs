//! Looks at a package, fact by fact.

use super::{
    attributes, container, contents, envelope, kept, observation::Observation, subject::Subject,
    trust,
};
use crate::{limits::Limits, signature::TrustRoots};

/// Looks at `bytes`, a signed package or a signature entry alone, and says for each of [`super::FACTS`] what was seen. With `source`,
/// the unsigned package, also what Signer kept of it.
#[must_use]
pub fn observe(
    bytes: &[u8],
    source: Option<&[u8]>,
    limits: &Limits,
    roots: &TrustRoots,
) -> Vec<Observation> {
    let subject = Subject::read(bytes, limits);
    let mut seen = container::observe(&subject);
    seen.extend(envelope::observe(&subject));
    seen.extend(attributes::observe(&subject));
    seen.extend(trust::observe(&subject, roots));
    seen.extend(contents::observe(&subject, source));
    seen.extend(kept::observe(&subject, source, limits));
    seen
}
