//! Reading and writing documents.

use crate::{
    domain::{Target, Upload},
    outcome::RetryableError,
    ports::{Creation, PortError, Records},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Reads a document; `None` when there is none.
pub(crate) async fn read<W: Records, T: for<'de> Deserialize<'de>>(
    world: &W,
    path: &str,
) -> Result<Option<T>, RetryableError> {
    let Some(body) = world.read_record(path).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&body)
        .map(Some)
        .map_err(|source| RetryableError::UnreadableRecord {
            path: path.to_owned(),
            source,
        })
}

/// Writes a document unless there is one.
pub(crate) async fn create<W: Records, T: Serialize>(
    world: &W,
    path: &str,
    document: &T,
) -> Result<Creation, RetryableError> {
    Ok(world.create_record(path, &to_json(path, document)?).await?)
}

/// Writes a document over whatever is there.
pub(crate) async fn replace<W: Records, T: Serialize>(
    world: &W,
    path: &str,
    document: &T,
) -> Result<(), RetryableError> {
    Ok(world
        .replace_record(path, &to_json(path, document)?)
        .await?)
}

fn to_json<T: Serialize>(path: &str, document: &T) -> Result<Vec<u8>, RetryableError> {
    serde_json::to_vec_pretty(document).map_err(|source| RetryableError::UnreadableRecord {
        path: path.to_owned(),
        source,
    })
}

/// The folder of a version whose upload time is not known any more, found among the target's
/// records; `None` when the version left none.
pub(crate) async fn find_upload<W: Records>(
    world: &W,
    target: &Target,
    version: &crate::domain::VersionId,
) -> Result<Option<Timestamp>, PortError> {
    let paths = world.list_records(&format!("{target}/")).await?;
    Ok(paths.iter().find_map(|path| {
        let label = path.split('/').nth(2)?;
        let (at, found) = Upload::parse_label(label)?;
        (found == *version).then_some(at)
    }))
}
