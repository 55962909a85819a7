//! The summary of a deployment: signed with the stack's key, and put on record beside the outcome.
//!
//! It comes after the terminal record and its event, and changes neither: whatever fails here, the upload has ended. The
//! message goes back to its queue, the next delivery finds the outcome and comes here again, and `sweep` sends the event
//! again where none does. Several attempts at once do no harm: each makes the same statement of the same records, and the
//! first signature is kept.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::verification_summary::{
    ObjectReference, PAYLOAD_TYPE, VerificationSummary, digest_to_sign,
};
use crate::{
    domain::{Stack, StackArn},
    outcome::{DeliveryAttempt, RetryableError, within},
    ports::{Clock, Creation, Records, SummarySigner},
    records::{
        self, EnvelopeSignature, Outcome, PolicyDocument, SummaryEnvelope, VerdictRecord,
        is_summarised,
    },
};

/// What a summary needs of the world, beside the key.
pub trait SummaryWorld: Clock + Records {}

impl<W: Clock + Records> SummaryWorld for W {}

/// A summary that was signed and put on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summarized {
    /// Where it is in the records bucket.
    pub path: String,
    /// The ARN of the key that signed it.
    pub key: String,
}

/// Signs the summary of an upload that was deployed or prepared, and puts it on record. `None` when there is nothing to
/// do: it is there, or the upload ended otherwise, or its verdict is of a version of the gate that did not put the policy
/// on record.
pub async fn summarize<W: SummaryWorld, S: SummarySigner>(
    world: &W,
    signer: &S,
    (stack, verifier): (&Stack, &StackArn),
    outcome: &Outcome,
    attempt: &DeliveryAttempt,
) -> Result<Option<Summarized>, RetryableError> {
    let work = sign_and_record(world, signer, (stack, verifier), outcome);
    let done = within(world, attempt.work_until, work).await;
    done.unwrap_or_else(|| {
        let what = "the summary of the deployment was being signed".to_owned();
        Err(RetryableError::TimeUp { what })
    })
}

async fn sign_and_record<W: SummaryWorld, S: SummarySigner>(
    world: &W,
    signer: &S,
    (stack, verifier): (&Stack, &StackArn),
    outcome: &Outcome,
) -> Result<Option<Summarized>, RetryableError> {
    let (true, Some(target)) = (is_summarised(outcome), &outcome.target) else {
        return Ok(None);
    };
    let folder = outcome.upload.folder();
    let path = records::path_in::<SummaryEnvelope>(&folder);
    // That it is there says enough.
    if world.read_record(&path).await?.is_some() {
        return Ok(None);
    }
    let record: Option<VerdictRecord> = records::read(world, &folder).await?;
    let Some((record, policy)) = record.and_then(|record| {
        let policy = PolicyDocument::of(&record)?;
        Some((record, policy))
    }) else {
        return Ok(None);
    };
    let policy = policy_reference(world, stack, &folder, &policy).await?;
    let Some(statement) = VerificationSummary::new(verifier, target, outcome, &record, policy)
    else {
        return Ok(None);
    };
    let payload = serde_json::to_vec(&statement).map_err(|source| RetryableError::Unwritable {
        what: format!("the record {path}"),
        source,
    })?;
    let signature = signer.sign_summary(digest_to_sign(&payload)).await?;
    let envelope = SummaryEnvelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: STANDARD.encode(&payload),
        signatures: vec![EnvelopeSignature {
            keyid: signature.key.clone(),
            sig: STANDARD.encode(&signature.bytes),
        }],
    };
    let creation = records::create(world, &folder, &envelope).await?;
    Ok((creation == Creation::Created).then_some(Summarized {
        path,
        key: signature.key,
    }))
}

/// Puts the policy on record, and answers with what the summary says of it: of what is there, should an earlier attempt
/// have written it in other words.
async fn policy_reference<W: SummaryWorld>(
    world: &W,
    stack: &Stack,
    folder: &str,
    policy: &PolicyDocument,
) -> Result<ObjectReference, RetryableError> {
    let path = records::path_in::<PolicyDocument>(folder);
    let mut body = records::to_json(&path, policy)?;
    if world.create_record(&path, &body).await? == Creation::Existed {
        let found = world.read_record(&path).await?;
        body =
            found.ok_or_else(|| RetryableError::busy(format!("{path} was there and is gone")))?;
    }
    let uri = format!("s3://{}/{path}", stack.records_bucket);
    Ok(ObjectReference::new(
        uri,
        hex::encode(Sha256::digest(&body)),
    ))
}
