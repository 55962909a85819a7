//! The records bucket.

use super::error::PortError;
use std::future::Future;

/// Whether a conditional write was the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// The document is there now, and this call put it there.
    Created,
    /// There was one already; nothing was changed.
    Existed,
}

/// A document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordWithEtag {
    /// The document.
    pub body: Vec<u8>,
    /// Its entity tag, with its quotes: another content has another tag.
    pub etag: String,
}

/// Whether a document was still as it had been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// It was, and it is replaced now.
    Replaced,
    /// Somebody wrote or deleted it since; nothing was changed. Also when the answer to this very write
    /// was lost and the write repeated.
    Changed,
}

/// The records bucket. Paths are keys, without a leading slash.
pub trait Records: Sync {
    /// `GetObject`; `None` when there is none.
    fn read_record(
        &self,
        path: &str,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>> + Send;

    /// `PutObject` with `If-None-Match: *`. S3 answers 409 while another conditional write to the
    /// same key is under way: that is [`PortError::Unavailable`], or is retried by the adapter.
    fn create_record(
        &self,
        path: &str,
        body: &[u8],
    ) -> impl Future<Output = Result<Creation, PortError>> + Send;

    /// `PutObject`; the bucket's versions keep what was there.
    fn replace_record(
        &self,
        path: &str,
        body: &[u8],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// `GetObject` with its entity tag; `None` when there is none.
    fn read_record_with_etag(
        &self,
        path: &str,
    ) -> impl Future<Output = Result<Option<RecordWithEtag>, PortError>> + Send;

    /// `PutObject` over a document that is as it was seen: with `If-Match` its entity tag, or with
    /// `If-None-Match: *` when there was none.
    fn replace_record_as_seen(
        &self,
        path: &str,
        body: &[u8],
        seen: Option<&RecordWithEtag>,
    ) -> impl Future<Output = Result<Replacement, PortError>> + Send;

    /// `ListObjectsV2`, all pages: the paths that begin with `prefix`, in order.
    fn list_records(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<String>, PortError>> + Send;

    /// `ListObjectsV2` with `Delimiter` `/`, all pages: the folders directly below `prefix`, which ends in a
    /// slash, each with its final slash, in order.
    fn list_record_folders(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<String>, PortError>> + Send;
}
