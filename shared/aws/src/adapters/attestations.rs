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
    s3::{GET, LIST, VERSION, body, fetch, list_objects},
    uploads_bucket::UploadsBucket,
};
use crate::error::{port_error, required, unreadable};

impl Attestations for UploadsBucket {
    async fn list_attestations(
        &self,
        folder: &AttestationFolder,
        max: u16,
    ) -> Result<AttestationListing, PortError> {
        let client = self.connection.s3();
        let listed = list_objects(client, &self.bucket, folder.as_str(), max.into());
        let (listed, has_more) = listed.await?;
        let objects = listed.into_iter().map(|object| {
            let size = required(LIST, "Size", object.size)?;
            Ok(ListedAttestation {
                key: required(LIST, "Key", object.key)?,
                size: u64::try_from(size).map_err(|error| unreadable(LIST, "Size", &error))?,
            })
        });
        Ok(AttestationListing {
            objects: objects.collect::<Result<_, PortError>>()?,
            has_more,
        })
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
