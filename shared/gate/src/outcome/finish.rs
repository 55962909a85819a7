//! The end of an upload: one terminal record, then its event.

use super::{
    ending::{OutcomeDraft, UploadContext},
    own_events::{DECIDED_DETAIL_TYPE, OutcomeEvent},
    retry::RetryableError,
};
use crate::{
    domain::{Stack, Upload},
    ports::{Announcement, Clock, Creation, Events, Records},
    records,
    records::{Announced, Outcome, Schema},
};

/// An upload that has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The one terminal record.
    pub outcome: Outcome,
    /// Whether this call put on record that it is announced: then, and only then, it is to be counted. Whoever wrote the
    /// outcome may not have got that far.
    pub is_new: bool,
}

/// Writes the terminal record, unless there is one, and puts its event on the bus.
pub(crate) async fn finish<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    context: &UploadContext,
    ending: OutcomeDraft,
) -> Result<Finished, RetryableError> {
    let outcome = context.outcome(ending, world.now());
    let folder = context.upload.folder();
    match records::create(world, &folder, &outcome).await? {
        Creation::Created => {
            let is_new = announce(world, stack, &outcome).await?;
            Ok(Finished { outcome, is_new })
        }
        Creation::Existed => finished_before(world, stack, &context.upload)
            .await?
            .ok_or_else(|| {
                RetryableError::busy(format!(
                    "{} was there and is gone",
                    records::path_in::<Outcome>(&folder)
                ))
            }),
    }
}

/// The outcome on record, if there is one. Its event is published now if that is still missing.
pub(crate) async fn finished_before<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    upload: &Upload,
) -> Result<Option<Finished>, RetryableError> {
    let folder = upload.folder();
    let Some(outcome) = records::read(world, &folder).await? else {
        return Ok(None);
    };
    // That it is there says enough.
    let announced = records::path_in::<Announced>(&folder);
    let is_new = match world.read_record(&announced).await? {
        Some(_) => false,
        None => announce(world, stack, &outcome).await?,
    };
    Ok(Some(Finished { outcome, is_new }))
}

/// At least once: a crash between the event and its record announces again. Answers whether this call put it on record.
async fn announce<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    outcome: &Outcome,
) -> Result<bool, RetryableError> {
    let folder = outcome.upload.folder();
    let record = format!(
        "s3://{}/{}",
        stack.records_bucket,
        records::path_in::<Outcome>(&folder)
    );
    let decided = OutcomeEvent {
        stack: stack.name.clone(),
        record: record.clone(),
        outcome: outcome.clone(),
    };
    let announcement =
        Announcement::new(DECIDED_DETAIL_TYPE, &decided, Vec::new()).map_err(|source| {
            RetryableError::Unwritable {
                what: format!("the event of {record}"),
                source,
            }
        })?;
    world.announce(&announcement).await?;
    let announced = Announced {
        schema: Schema,
        announced_at: world.now(),
    };
    let creation = records::create(world, &folder, &announced).await?;
    Ok(creation == Creation::Created)
}
