//! The attestations in the uploads bucket.

use aws_sdk_s3::primitives::ByteStream;
use countersign_gate::{
    domain::{AttestationFolder, VersionId},
    ports::{
        AttestationListing, AttestationRead, AttestationStore, Attestations, ListedAttestation,
        PortError,
    },
};

use super::{
    s3::{GET, VERSION, body, fetch},
    uploads_bucket::UploadsBucket,
};
use crate::error::{port_error, required, unreadable};

impl Attestations for UploadsBucket {
    async fn list_attestations(
        &self,
        folder: &AttestationFolder,
        max: u16,
    ) -> Result<AttestationListing, PortError> {
        const CALL: &str = "s3:ListObjectsV2";
        let max = usize::from(max);
        let mut objects = Vec::new();
        let mut token = None;
        // S3 may answer with fewer than were asked for (AWS documentation, grade B).
        let has_more = loop {
            let missing = max.saturating_sub(objects.len());
            let request = self.connection.s3().list_objects_v2();
            let page = request
                .bucket(&self.bucket)
                .prefix(folder.as_str())
                .set_max_keys(i32::try_from(missing).ok())
                .set_continuation_token(token.take())
                .send()
                .await
                .map_err(|error| port_error(CALL, error))?;
            for item in page.contents() {
                let size = required(CALL, "Size", item.size())?;
                objects.push(ListedAttestation {
                    key: required(CALL, "Key", item.key())?.to_owned(),
                    size: u64::try_from(size).map_err(|error| unreadable(CALL, "Size", &error))?,
                });
            }
            let has_more = page.is_truncated().unwrap_or_default();
            if !has_more || objects.len() >= max {
                break has_more;
            }
            let next = page.next_continuation_token;
            token = Some(required(CALL, "NextContinuationToken", next)?);
        };
        Ok(AttestationListing { objects, has_more })
    }

    async fn read_attestation(
        &self,
        key: &str,
        max_bytes: u64,
    ) -> Result<AttestationRead, PortError> {
        let request = self.connection.s3().get_object();
        let Some(object) = fetch(request.bucket(&self.bucket).key(key)).await? else {
            return Ok(AttestationRead::Gone);
        };
        let size = required(GET, "Content-Length", object.content_length())?;
        let size =
            u64::try_from(size).map_err(|error| unreadable(GET, "Content-Length", &error))?;
        // The body is left unread: the connection is closed instead.
        if size > max_bytes {
            return Ok(AttestationRead::TooLarge { size });
        }
        let version = object.version_id().filter(|version| *version != "null");
        let version = VersionId::parse(required(GET, VERSION, version)?)
            .map_err(|error| unreadable(GET, VERSION, &error))?;
        Ok(AttestationRead::Object {
            version,
            bytes: body(object).await?,
        })
    }
}

impl AttestationStore for UploadsBucket {
    async fn put_attestation(
        &self,
        folder: &AttestationFolder,
        name: &str,
        attestation: &[u8],
    ) -> Result<(), PortError> {
        let request = self.connection.s3().put_object();
        let written = request
            .bucket(&self.bucket)
            .key(format!("{folder}{name}"))
            .content_type("application/json")
            .body(ByteStream::from(attestation.to_vec()))
            .send()
            .await;
        match written {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error("s3:PutObject", error)),
        }
    }
}
