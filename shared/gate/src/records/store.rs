//! Reading and writing documents.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::error::RecordError;
use crate::{
    domain::{Target, Upload, VersionId},
    ports::{Creation, PortError, Records},
};

/// A kind of document, which has one name in its folder.
pub trait Document: Serialize + DeserializeOwned {
    /// Its file name, for instance `outcome.json`.
    const FILE: &'static str;
}

/// The folder of one upload's documents, with the names that were in it when it was listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordFolder {
    present: BTreeSet<String>,
}

impl RecordFolder {
    /// Lists the folder: one call.
    pub(crate) async fn list<W: Records>(world: &W, upload: &Upload) -> Result<Self, RecordError> {
        let folder = upload.folder();
        let paths = world.list_records(&folder).await?;
        let names = paths.iter().filter_map(|path| path.strip_prefix(&folder));
        Ok(Self {
            present: names.map(str::to_owned).collect(),
        })
    }

    /// A folder in which these were seen.
    pub(super) fn of(present: BTreeSet<String>) -> Self {
        Self { present }
    }

    /// Whether the document was there.
    pub(crate) fn has<D: Document>(&self) -> bool {
        self.present.contains(D::FILE)
    }

    /// Whether a document of this name was there.
    pub(crate) fn has_named(&self, name: &str) -> bool {
        self.present.contains(name)
    }

    /// Reads the document, if it was there.
    pub(crate) async fn read<W: Records, D: Document>(
        &self,
        world: &W,
        upload: &Upload,
    ) -> Result<Option<D>, RecordError> {
        if self.has::<D>() {
            read(world, &upload.folder()).await
        } else {
            Ok(None)
        }
    }
}

/// Where a document of this kind is in a folder.
pub(crate) fn path_in<D: Document>(folder: &str) -> String {
    format!("{folder}{}", D::FILE)
}

/// Reads a document of a folder; `None` when there is none.
pub(crate) async fn read<W: Records, D: Document>(
    world: &W,
    folder: &str,
) -> Result<Option<D>, RecordError> {
    read_named(world, &path_in::<D>(folder)).await
}

/// Writes a document unless there is one.
pub(crate) async fn create<W: Records, D: Document>(
    world: &W,
    folder: &str,
    document: &D,
) -> Result<Creation, RecordError> {
    create_named(world, &path_in::<D>(folder), document).await
}

/// Writes a document over whatever is there.
pub(crate) async fn replace<W: Records, D: Document>(
    world: &W,
    folder: &str,
    document: &D,
) -> Result<(), RecordError> {
    let path = path_in::<D>(folder);
    Ok(world
        .replace_record(&path, &to_json(&path, document)?)
        .await?)
}

/// Reads a document at a path of its own; `None` when there is none.
pub(crate) async fn read_named<W: Records, T: DeserializeOwned>(
    world: &W,
    path: &str,
) -> Result<Option<T>, RecordError> {
    let Some(body) = world.read_record(path).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&body)
        .map(Some)
        .map_err(|source| RecordError::Unreadable {
            path: path.to_owned(),
            source,
        })
}

/// Writes a document at a path of its own, unless there is one.
pub(crate) async fn create_named<W: Records, T: Serialize>(
    world: &W,
    path: &str,
    document: &T,
) -> Result<Creation, RecordError> {
    Ok(world.create_record(path, &to_json(path, document)?).await?)
}

/// A document as it is written.
pub(crate) fn to_json<T: Serialize>(path: &str, document: &T) -> Result<Vec<u8>, RecordError> {
    serde_json::to_vec_pretty(document).map_err(|source| RecordError::Unwritable {
        path: path.to_owned(),
        source,
    })
}

/// When S3 took a version whose time is not known any more, found among the target's records; `None`
/// when the version left none.
pub(crate) async fn find_upload<W: Records>(
    world: &W,
    target: &Target,
    version: &VersionId,
) -> Result<Option<Timestamp>, PortError> {
    let paths = world.list_records(&format!("{target}/")).await?;
    Ok(paths.iter().find_map(|path| {
        let label = path.split('/').nth(2)?;
        let (at, found) = Upload::parse_label(label)?;
        (found == *version).then_some(at)
    }))
}
