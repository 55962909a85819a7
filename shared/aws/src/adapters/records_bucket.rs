//! The bucket that the gate keeps its records in.

use std::time::Duration;

use aws_sdk_s3::{operation::put_object::builders::PutObjectFluentBuilder, primitives::ByteStream};
use countersign_gate::ports::{
    Clock as _, Creation, PortError, RecordWithEtag, Records, Replacement,
};

use super::{
    clock::SystemClock,
    s3::{GET, body, fetch, read},
};
use crate::{
    connection::Connection,
    error::{code, port_error, required, status},
};

const PUT: &str = "s3:PutObject";
const LIST: &str = "s3:ListObjectsV2";

/// How often a conditional write that met another one is tried again, and after how long.
const MAX_CONFLICT_RETRIES: u32 = 4;
const CONFLICT_RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// [`Records`] over S3.
#[derive(Debug, Clone)]
pub struct RecordsBucket {
    connection: Connection,
    bucket: String,
}

impl RecordsBucket {
    /// The records bucket of this name.
    #[must_use]
    pub fn new(connection: Connection, bucket: String) -> Self {
        Self { connection, bucket }
    }

    /// The request that writes a document.
    fn put(&self, path: &str, document: &[u8]) -> PutObjectFluentBuilder {
        self.connection
            .s3()
            .put_object()
            .bucket(&self.bucket)
            .key(path)
            .content_type("application/json")
            .body(ByteStream::from(document.to_vec()))
    }

    /// Sends a conditional write; answers whether the condition held. S3 answers 409
    /// (`ConditionalRequestConflict`) while another conditional write of the key is under way: who won is
    /// known in a moment.
    async fn put_if(
        &self,
        request: impl Fn() -> PutObjectFluentBuilder + Send + Sync,
    ) -> Result<bool, PortError> {
        let mut retries = 0;
        loop {
            let Err(error) = request().send().await else {
                return Ok(true);
            };
            match status(&error) {
                412 => return Ok(false),
                409 if retries < MAX_CONFLICT_RETRIES => {
                    retries = retries.saturating_add(1);
                    SystemClock.sleep(CONFLICT_RETRY_INTERVAL).await;
                }
                409 => {
                    return Err(PortError::Unavailable {
                        call: PUT,
                        source: Box::new(error),
                    });
                }
                // With `If-Match`: the document is gone.
                404 if code(&error) == "NoSuchKey" => return Ok(false),
                _ => return Err(port_error(PUT, error)),
            }
        }
    }
}

impl Records for RecordsBucket {
    async fn read_record(&self, path: &str) -> Result<Option<Vec<u8>>, PortError> {
        let request = self.connection.s3().get_object();
        read(request.bucket(&self.bucket).key(path)).await
    }

    /// A try whose answer was lost is tried again, and then finds its own document: `Existed` does
    /// not mean that somebody else wrote it.
    async fn create_record(&self, path: &str, body: &[u8]) -> Result<Creation, PortError> {
        let request = || self.put(path, body).if_none_match("*");
        Ok(if self.put_if(request).await? {
            Creation::Created
        } else {
            Creation::Existed
        })
    }

    async fn replace_record(&self, path: &str, body: &[u8]) -> Result<(), PortError> {
        match self.put(path, body).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(PUT, error)),
        }
    }

    async fn read_record_with_etag(&self, path: &str) -> Result<Option<RecordWithEtag>, PortError> {
        let request = self.connection.s3().get_object();
        let Some(object) = fetch(request.bucket(&self.bucket).key(path)).await? else {
            return Ok(None);
        };
        let etag = required(GET, "ETag", object.e_tag())?.to_owned();
        Ok(Some(RecordWithEtag {
            body: body(object).await?,
            etag,
        }))
    }

    async fn replace_record_as_seen(
        &self,
        path: &str,
        body: &[u8],
        seen: Option<&RecordWithEtag>,
    ) -> Result<Replacement, PortError> {
        let request = || match seen {
            Some(seen) => self.put(path, body).if_match(&seen.etag),
            None => self.put(path, body).if_none_match("*"),
        };
        Ok(if self.put_if(request).await? {
            Replacement::Replaced
        } else {
            Replacement::Changed
        })
    }

    async fn list_records(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let request = self.connection.s3().list_objects_v2();
        let request = request.bucket(&self.bucket).prefix(prefix);
        let mut pages = request.into_paginator().send();
        let mut paths = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| port_error(LIST, error))?;
            paths.extend(
                page.contents
                    .into_iter()
                    .flatten()
                    .filter_map(|object| object.key),
            );
        }
        Ok(paths)
    }

    async fn list_record_folders(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let request = self.connection.s3().list_objects_v2();
        let request = request.bucket(&self.bucket).prefix(prefix).delimiter("/");
        let mut pages = request.into_paginator().send();
        let mut folders = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| port_error(LIST, error))?;
            let common = page.common_prefixes.into_iter().flatten();
            folders.extend(common.filter_map(|folder| folder.prefix));
        }
        Ok(folders)
    }
}
