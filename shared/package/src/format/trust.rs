//! Certificates, the chain, and the signature value.

use super::{
    facts::{CERTIFICATE_SET, CHAIN_TO_ROOT, ROOT_IN_SET, SIGNATURE_VALUE, SIGNER_CERTIFICATE},
    observation::Observation,
    subject::Subject,
};
use crate::signature::{Certificate, Signature, TrustRoots};

/// Hours that a signer's certificate lives: 73 in all genuine signatures (grade A), and a little room.
const SIGNER_HOURS: std::ops::RangeInclusive<i64> = 72..=74;
/// The signer's common name in all genuine signatures (grade A). The rest of its name says whose signer it is.
const SIGNER_NAME: &str = "CN=signer,";

pub(super) fn observe(subject: &Subject<'_>, roots: &TrustRoots) -> Vec<Observation> {
    let Some(signature) = subject.parsed() else {
        let why = subject.why_no_signature();
        return [
            CERTIFICATE_SET,
            SIGNER_CERTIFICATE,
            CHAIN_TO_ROOT,
            ROOT_IN_SET,
            SIGNATURE_VALUE,
        ]
        .map(|fact| Observation::unknown(fact, why.as_str()))
        .into();
    };
    let chain = match signature.verify_chain(roots) {
        Ok(chain) => {
            let subjects: Vec<&str> = chain.iter().map(Certificate::subject).collect();
            Observation::judged(CHAIN_TO_ROOT, true, subjects.join(" < "))
        }
        Err(error) => Observation::judged(CHAIN_TO_ROOT, false, error.to_string()),
    };
    let value = match signature.verify_value() {
        Ok(()) => Observation::judged(SIGNATURE_VALUE, true, "it verifies"),
        Err(error) => Observation::judged(SIGNATURE_VALUE, false, error.to_string()),
    };
    vec![
        certificate_set(signature),
        signer(signature),
        chain,
        root(signature, roots),
        value,
    ]
}

fn is_root(certificate: &Certificate) -> bool {
    certificate.is_ca() && certificate.subject() == certificate.issuer()
}

fn certificate_set(signature: &Signature) -> Observation {
    let all = signature.certificates();
    let roots = all.iter().filter(|one| is_root(one)).count();
    let subordinate = all
        .iter()
        .filter(|one| one.is_ca() && !is_root(one))
        .count();
    let signers = all.iter().filter(|one| !one.is_ca()).count();
    let seen = format!("signer: {signers}, subordinate CAs: {subordinate}, root: {roots} times");
    let holds = (signers, subordinate) == (1, 2) && (1..=2).contains(&roots);
    Observation::judged(CERTIFICATE_SET, holds, seen)
}

fn signer(signature: &Signature) -> Observation {
    let position = signature.signer();
    let signer = position.and_then(|at| signature.certificates().get(at));
    let Some(signer) = signer else {
        return Observation::judged(SIGNER_CERTIFICATE, false, "it is not in the set");
    };
    let hours = signer
        .not_after()
        .duration_since(signer.not_before())
        .as_hours();
    let extensions = signer.extensions();
    let signs_code = extensions.code_signing == Some(true)
        && extensions
            .key_usage
            .is_some_and(|usage| usage.digital_signature && !usage.key_cert_sign);
    let purpose = if signs_code {
        "for code signing"
    } else {
        "not for code signing alone"
    };
    Observation::judged(
        SIGNER_CERTIFICATE,
        signer.subject().starts_with(SIGNER_NAME) && signs_code && SIGNER_HOURS.contains(&hours),
        format!("{}, {purpose}, for {hours} hours", signer.subject()),
    )
}

fn root(signature: &Signature, roots: &TrustRoots) -> Observation {
    let found = signature.certificates().iter().find(|one| is_root(one));
    let Some(found) = found else {
        return Observation::judged(ROOT_IN_SET, false, "there is no root in the set");
    };
    let holds = roots
        .certificates()
        .iter()
        .any(|root| root.der() == found.der());
    let seen = format!("{}, SHA-256 {}", found.subject(), found.sha256_hex());
    Observation::judged(ROOT_IN_SET, holds, seen)
}
