//! What the records, the signing job and the signed package say.

use countersign_package::{
    Claims, Limits, Package, Signature, TrustRoots,
    format::{Answer, observe},
};
use jiff::SignedDuration;

use super::{
    facts::{
        JOB_EVENT, JOB_KNOWN, JOB_OWNER, JOB_SOURCE, JOB_STARTED, NOTIFIED, PREPARED, PRINCIPAL,
        ProbeFact, SEQUENCER, SIGNED_EXPIRY, SIGNED_JOB, SIGNED_KEY, SIGNED_PROFILE, SIGNED_TIME,
        SIGNED_VERSION, TOKEN, VERDICT,
    },
    report::{ProbedFact, judged, of_format, told},
    world::{ProbeSetup, ProbeWorld, Sent, plain_error},
};
use crate::{
    domain::{JobStatus, SignedObject, SigningJob},
    ports::{JobRequest, JobStart, PortError, SignedObjects, Signer},
    records::{Signing, UploadState},
};

/// The job's time and the signature's may be told in other fractions of a second.
const MAX_EXPIRY_DIFFERENCE: SignedDuration = SignedDuration::from_secs(1);
/// What clocks of two machines may differ by, and a probe may take.
const MIN_SIGNED_AFTER_UPLOAD: SignedDuration = SignedDuration::from_mins(-5);
const MAX_SIGNED_AFTER_BEGIN: SignedDuration = SignedDuration::from_mins(10);

/// What was found of the job and of what it signed.
pub(super) struct Found {
    pub(super) job: Result<Option<SigningJob>, String>,
    pub(super) signed: Result<Option<(SignedObject, Vec<u8>)>, String>,
    token: Result<JobStart, PortError>,
    is_started: bool,
}

impl Found {
    pub(super) async fn read<U, R, O, S, L, C>(
        world: &ProbeWorld<'_, U, R, O, S, L, C>,
        sent: &Sent,
    ) -> Self
    where
        O: SignedObjects,
        S: Signer,
    {
        let Some(signing) = &sent.records.signing else {
            let why = || "no job is on record".to_owned();
            return Self {
                job: Err(why()),
                signed: Err(why()),
                token: Ok(JobStart::Refused(crate::domain::Refusal {
                    exception: "-".to_owned(),
                    message: why(),
                })),
                is_started: false,
            };
        };
        let job = world.signer.describe_job(&signing.job).await;
        let job = job.map_err(|error| plain_error(&error));
        let signed = match &job {
            Ok(Some(SigningJob {
                signed: Some((bucket, key)),
                ..
            })) => {
                let read = world.signed.read_signed(bucket, key).await;
                read.map_err(|error| plain_error(&error))
            }
            _ => Ok(None),
        };
        Self {
            job,
            signed,
            token: world.signer.start_job(&request(sent, signing)).await,
            is_started: true,
        }
    }

    /// The facts of the package's format.
    pub(super) fn format(
        &self,
        source: &[u8],
        limits: &Limits,
        roots: &TrustRoots,
    ) -> Vec<ProbedFact> {
        let signed = self.signed.as_ref().ok().and_then(Option::as_ref);
        let bytes = signed.map_or(&[][..], |(_, bytes)| bytes.as_slice());
        let seen = observe(bytes, Some(source), limits, roots);
        let mut facts: Vec<ProbedFact> = seen.iter().map(of_format).collect();
        if signed.is_none() {
            for fact in &mut facts {
                fact.answer = Answer::Unknown.as_str();
                "there is no signed package".clone_into(&mut fact.seen);
            }
        }
        facts
    }

    fn claims(&self) -> Option<Claims> {
        let (_, bytes) = self.signed.as_ref().ok()?.as_ref()?;
        let package = Package::read(bytes, &Limits::default()).ok()?;
        let signature = Signature::parse(package.signature_entry()?).ok()?;
        Some(signature.claims().clone())
    }
}

/// The very request that the gate made.
fn request(sent: &Sent, signing: &Signing) -> JobRequest {
    JobRequest {
        profile: signing.profile.clone(),
        source: sent.upload.id.clone(),
        bucket: signing.bucket.clone(),
        prefix: signing.prefix.clone(),
        token: signing.token.clone(),
    }
}

pub(super) fn facts(setup: &ProbeSetup<'_>, sent: &Sent, found: &Found) -> Vec<ProbedFact> {
    let mut facts = notification(sent);
    facts.extend(job(setup, sent, found));
    facts.push(event(sent, found));
    facts.push(token(sent, found));
    facts.extend(claims(sent, found));
    facts.extend(outcome(sent));
    facts
}

/// `AWS:` and an id, perhaps with a session; the account root by its customer id, `A` and letters or digits (grade C).
fn is_principal(principal: &str) -> bool {
    let is_id =
        |text: &str| text.starts_with('A') && text.chars().all(|c| c.is_ascii_alphanumeric());
    principal.starts_with("AWS:") || is_id(principal)
}

fn notification(sent: &Sent) -> Vec<ProbedFact> {
    let Some(received) = &sent.records.received else {
        let why = "no record of the upload was written in time";
        return vec![
            judged(NOTIFIED, false, why),
            told(PRINCIPAL, Answer::Unknown, why),
            told(SEQUENCER, Answer::Unknown, why),
        ];
    };
    let took = received
        .received_at
        .duration_since(sent.upload.at)
        .as_secs();
    let principal = received.uploaded_by.principal.as_deref();
    // Who it is, is nobody's business: only the form is told.
    let form = match principal {
        None => "nobody is named".to_owned(),
        Some(principal) => {
            let prefix: String = principal.chars().take(8).collect();
            let session = if principal.matches(':').count() > 1 {
                ", with a session"
            } else {
                ""
            };
            format!(
                "{prefix}\u{2026}, {} characters{session}",
                principal.chars().count()
            )
        }
    };
    let sequencer = received.sequencer.as_deref().unwrap_or_default();
    let is_hex = !sequencer.is_empty() && sequencer.chars().all(|c| c.is_ascii_hexdigit());
    vec![
        judged(NOTIFIED, true, format!("after {took} s")),
        judged(PRINCIPAL, principal.is_some_and(is_principal), form),
        judged(SEQUENCER, is_hex, format!("{} characters", sequencer.len())),
    ]
}

fn job(setup: &ProbeSetup<'_>, sent: &Sent, found: &Found) -> Vec<ProbedFact> {
    let (is_started, why) = (found.is_started, "no job is on record");
    let started = judged(
        JOB_STARTED,
        is_started,
        if is_started { "a job was started" } else { why },
    );
    let rest = [JOB_KNOWN, JOB_SOURCE, SIGNED_KEY, SIGNED_VERSION, JOB_OWNER];
    let all = |answer: Answer, why: &str| -> Vec<ProbedFact> {
        let others = rest.iter().map(|fact: &ProbeFact| told(*fact, answer, why));
        std::iter::once(started.clone()).chain(others).collect()
    };
    let job = match &found.job {
        Err(error) => return all(Answer::Unknown, error),
        Ok(None) => {
            let mut facts = all(Answer::Unknown, "Signer does not know the job");
            if let Some(known) = facts.get_mut(1) {
                *known = judged(JOB_KNOWN, false, "Signer does not know the job");
            }
            return facts;
        }
        Ok(Some(job)) => job,
    };
    let status = match &job.status {
        JobStatus::Succeeded => "Succeeded".to_owned(),
        JobStatus::InProgress => "InProgress".to_owned(),
        JobStatus::Failed { reason } => format!("Failed: {reason}"),
        JobStatus::Unknown { status } => format!("{status}, which is not known"),
    };
    let signing = sent.records.signing.as_ref();
    let expected = signing.map(|it| (it.bucket.clone(), format!("{}{}.zip", it.prefix, it.job)));
    let version = match &found.signed {
        Ok(Some(_)) => judged(SIGNED_VERSION, true, "it has one"),
        Ok(None) => judged(SIGNED_VERSION, false, "there is no signed object"),
        Err(error) => told(SIGNED_VERSION, Answer::Unknown, error.as_str()),
    };
    vec![
        started,
        judged(JOB_KNOWN, job.status == JobStatus::Succeeded, status),
        judged(
            JOB_SOURCE,
            job.source.as_ref() == Some(&sent.upload.id),
            if job.source.is_some() {
                "it tells all three"
            } else {
                "it does not tell"
            },
        ),
        judged(
            SIGNED_KEY,
            job.signed.is_some() && job.signed == expected,
            if job.signed.is_some() {
                "it tells bucket and key"
            } else {
                "it does not tell"
            },
        ),
        version,
        judged(
            JOB_OWNER,
            job.owner == setup.account,
            if job.owner == setup.account {
                "it is"
            } else {
                "it is another"
            },
        ),
    ]
}

/// The gate judges only what the event told it of.
fn event(sent: &Sent, found: &Found) -> ProbedFact {
    let Some(signing) = &sent.records.signing else {
        return told(JOB_EVENT, Answer::Unknown, "no job is on record");
    };
    let Some(verdict) = &sent.records.verdict else {
        let is_done = matches!(&found.job, Ok(Some(job)) if job.status == JobStatus::Succeeded);
        return if is_done {
            judged(
                JOB_EVENT,
                false,
                "the job succeeded, and the gate heard nothing of it in time",
            )
        } else {
            told(JOB_EVENT, Answer::Unknown, "the job did not end in time")
        };
    };
    let took = verdict
        .judged_at
        .duration_since(signing.started_at)
        .as_secs();
    judged(
        JOB_EVENT,
        verdict.job == signing.job,
        format!("judged {took} s after the job was started"),
    )
}

fn token(sent: &Sent, found: &Found) -> ProbedFact {
    let Some(signing) = &sent.records.signing else {
        return told(TOKEN, Answer::Unknown, "no job is on record");
    };
    match &found.token {
        Ok(JobStart::Job(job)) => judged(
            TOKEN,
            *job == signing.job,
            if *job == signing.job {
                "the first job"
            } else {
                "another job"
            },
        ),
        Ok(JobStart::Refused(refusal)) => told(
            TOKEN,
            Answer::Unknown,
            format!("Signer refuses the repetition: {}", refusal.exception),
        ),
        // The stack lets nobody but its function start jobs with these buckets; whoever may not ask, does not.
        Err(PortError::Denied { .. }) => told(
            TOKEN,
            Answer::NotAsked,
            "whoever probes may not call signer:StartSigningJob",
        ),
        Err(error) => told(TOKEN, Answer::Unknown, plain_error(error)),
    }
}

fn claims(sent: &Sent, found: &Found) -> Vec<ProbedFact> {
    let (Some(claims), Ok(Some(job))) = (found.claims(), &found.job) else {
        return [SIGNED_JOB, SIGNED_PROFILE, SIGNED_EXPIRY, SIGNED_TIME]
            .map(|fact| told(fact, Answer::Unknown, "the signature cannot be read"))
            .into();
    };
    let profile = claims.profile_version();
    let is_profile =
        profile.profile_name() == job.profile.as_str() && profile.version() == job.profile_version;
    let expiry = job
        .expires_at
        .map(|at| at.duration_since(claims.expires_at()).abs());
    let signed_at = claims.signed_at();
    let after = signed_at.duration_since(sent.upload.at);
    vec![
        judged(
            SIGNED_JOB,
            claims.job().job_id() == job.id.as_str(),
            "compared with the job's id",
        ),
        judged(SIGNED_PROFILE, is_profile, "compared with the job's"),
        match expiry {
            None => judged(SIGNED_EXPIRY, false, "the job does not tell"),
            Some(apart) => judged(
                SIGNED_EXPIRY,
                apart <= MAX_EXPIRY_DIFFERENCE,
                format!("{} ms apart", apart.as_millis()),
            ),
        },
        judged(
            SIGNED_TIME,
            after > MIN_SIGNED_AFTER_UPLOAD
                && signed_at.duration_since(sent.began_at) < MAX_SIGNED_AFTER_BEGIN,
            format!("{} s after the upload", after.as_secs()),
        ),
    ]
}

fn outcome(sent: &Sent) -> Vec<ProbedFact> {
    let verdict = match &sent.records.verdict {
        None => told(
            VERDICT,
            Answer::Unknown,
            "the gate did not judge it in time",
        ),
        Some(verdict) => {
            let codes = sent
                .records
                .outcome
                .as_ref()
                .and_then(|outcome| outcome.code);
            let code = codes.map_or(String::new(), |code| format!(", {}", code.as_str()));
            judged(
                VERDICT,
                verdict.decision.accepts(),
                format!("{:?}{code}", verdict.decision),
            )
        }
    };
    let prepared = match &sent.records.outcome {
        None => told(PREPARED, Answer::Unknown, "it has not ended in time"),
        Some(outcome) => judged(
            PREPARED,
            outcome.state == UploadState::Prepared,
            outcome.state.as_str(),
        ),
    };
    vec![verdict, prepared]
}
