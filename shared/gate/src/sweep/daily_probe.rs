//! The probe of every day: a tiny package goes the way of every upload, and what Signer makes of it is compared with
//! what is known. So it pages when AWS changes its format, before the first upload is refused.

use std::time::Duration;

use countersign_package::format::Answer;
use jiff::Timestamp;

use super::settings::{DailyProbeSettings, SweepSettings, SweepWorld};
use crate::{
    outcome::RetryableError,
    ports::error_chain,
    probe::{ProbeError, ProbeReport, ProbeSetup, ProbeWorld, probe},
    records::{self, DAILY_PROBE, DailyProbe, DifferingFact, Drift, DriftKind, Schema},
};

/// The run over everything comes every hour: an hour less than a day, so that it is due once in a day.
const PROBE_INTERVAL: Duration = Duration::from_hours(23);
/// How long its outcome is waited for. Signing and verifying take seconds.
const PROBE_TIMEOUT: Duration = Duration::from_mins(3);

/// Makes the probe if it is due; what the last one found otherwise.
///
/// The record comes last: a run that is cut off before it probes again, and one that is cut off after it has told nobody, so
/// that what is on record is told by the next.
pub(super) async fn daily_probe<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    about: &DailyProbeSettings,
    work_until: Timestamp,
) -> Result<Option<Drift>, RetryableError> {
    let last: Option<DailyProbe> = records::read(world, "").await?;
    let now = world.now();
    let is_young = |last: &DailyProbe| {
        let due_at = last.began_at.saturating_add(PROBE_INTERVAL);
        last.began_at <= now && due_at.is_ok_and(|due_at| now < due_at)
    };
    if let Some(last) = last.filter(is_young) {
        return Ok(drift(world, &last));
    }
    if now
        .saturating_add(PROBE_TIMEOUT)
        .is_ok_and(|end| end >= work_until)
    {
        let what = "the sweep came to the daily probe".to_owned();
        return Err(RetryableError::TimeUp { what });
    }
    let probe_world = ProbeWorld {
        uploads: world,
        records: world,
        signed: world,
        signer: world,
        lambda: world,
        clock: world,
    };
    let setup = ProbeSetup {
        function: &about.function.name,
        scope: Some(&settings.scope.functions),
        dry_run_function: None,
        uploads_bucket: &settings.stack.uploads_bucket,
        records_bucket: &settings.stack.records_bucket,
        region: &about.function.region,
        account: &about.function.account,
        roots: &about.roots,
        timeout: PROBE_TIMEOUT,
    };
    let found = match Box::pin(probe(&probe_world, &setup)).await {
        Ok(report) => of_report(&report),
        Err(ProbeError::Port(error)) => return Err(error.into()),
        Err(ProbeError::Record(error)) => return Err(error.into()),
        Err(error) => DailyProbe {
            schema: Schema,
            began_at: now,
            confirmed: 0,
            differs: Vec::new(),
            unknown: Vec::new(),
            impossible: Some(error_chain(&error)),
        },
    };
    records::replace(world, "", &found).await?;
    Ok(drift(world, &found))
}

fn of_report(report: &ProbeReport) -> DailyProbe {
    let answered = |answer: Answer| {
        let of = report.facts.iter();
        of.filter(move |fact| fact.answer == answer.as_str())
    };
    DailyProbe {
        schema: Schema,
        began_at: report.began_at,
        confirmed: report.summary.confirmed,
        differs: answered(Answer::Differs)
            .map(|fact| DifferingFact {
                id: fact.id.to_owned(),
                seen: fact.seen.clone(),
            })
            .collect(),
        unknown: answered(Answer::Unknown)
            .map(|fact| fact.id.to_owned())
            .collect(),
        impossible: None,
    }
}

fn drift<W: SweepWorld>(world: &W, found: &DailyProbe) -> Option<Drift> {
    let subject = DAILY_PROBE.to_owned();
    if let Some(why) = &found.impossible {
        let mut drift = Drift::new(
            DriftKind::ProbeImpossible,
            subject,
            why.clone(),
            world.now(),
        );
        drift.found = Some(why.clone());
        return Some(drift);
    }
    if found.differs.is_empty() {
        return None;
    }
    let told = |fact: &DifferingFact| format!("{} ({})", fact.id, fact.seen);
    let facts: Vec<String> = found.differs.iter().map(told).collect();
    let message = format!(
        "of the facts that were asked, {} are confirmed, and these differ: {}",
        found.confirmed,
        facts.join("; ")
    );
    let ids: Vec<&str> = found.differs.iter().map(|fact| fact.id.as_str()).collect();
    let mut drift = Drift::new(DriftKind::ProbeDiffers, subject, message, world.now());
    drift.found = Some(ids.join(", "));
    Some(drift)
}
