//! Who made a statement about an upload: put on record by `sign` when S3 tells of the object, because nothing tells it
//! afterwards.
//!
//! One document for each object version, written once, so that a later event, which whoever may invoke the function can
//! make up, changes nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    error::RecordError,
    schema::Schema,
    store::{create_named, read_named},
};
use crate::{
    domain::{Upload, Uploader},
    ports::{Creation, PortError, Records},
};

/// `approvals/<target>/<sha256>/<name>/<label>.json`: who put this version of the approval there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// 1.
    pub schema: Schema,
    /// The object version, and when S3 took it.
    pub object: Upload,
    /// Who put it there.
    pub by: Uploader,
    /// When this was written.
    pub recorded_at: Timestamp,
}

/// The place of the document: the key's folder, the name without `.json`, and the version.
fn path(object: &Upload) -> String {
    let key = &object.id.key;
    let key = key.strip_suffix(".json").unwrap_or(key);
    format!("{key}/{}.json", object.label())
}

/// Puts on record who made a statement, unless that is on record.
pub(crate) async fn record_statement<W: Records>(
    world: &W,
    statement: &Statement,
) -> Result<Creation, RecordError> {
    create_named(world, &path(&statement.object), statement).await
}

/// Who made a statement; `None` when that is not on record, or what is there is about another version or cannot be read.
pub(crate) async fn read_statement<W: Records>(
    world: &W,
    object: &Upload,
) -> Result<Option<Statement>, PortError> {
    match read_named(world, &path(object)).await {
        Ok(found) => Ok(found.filter(|found: &Statement| found.object == *object)),
        Err(RecordError::Port(error)) => Err(error),
        Err(RecordError::Unreadable { .. } | RecordError::Unwritable { .. }) => Ok(None),
    }
}

/// Who made the statements below one folder, as far as that is on record. It reads nothing that is not there: whoever may
/// read a folder of the records without listing the bucket is told "denied" of what is absent (grade B).
pub(crate) struct StatementRecords(BTreeSet<String>);

impl StatementRecords {
    /// One listing. The folder has the same name in the uploads bucket.
    pub(crate) async fn list<W: Records>(world: &W, folder: &str) -> Result<Self, PortError> {
        let paths = world.list_records(folder).await?;
        Ok(Self(paths.into_iter().collect()))
    }

    /// Who made this one.
    pub(crate) async fn of<W: Records>(
        &self,
        world: &W,
        object: &Upload,
    ) -> Result<Option<Statement>, PortError> {
        if self.0.contains(&path(object)) {
            read_statement(world, object).await
        } else {
            Ok(None)
        }
    }
}
