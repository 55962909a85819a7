//! Statements about uploads, for whoever makes them.

use aws_sdk_s3::primitives::ByteStream;
use countersign_gate::ports::{PortError, StatementStore};

use super::uploads_bucket::UploadsBucket;
use crate::error::port_error;

impl StatementStore for UploadsBucket {
    async fn put_statement(&self, key: &str, body: &[u8]) -> Result<(), PortError> {
        let request = self.connection.s3().put_object();
        let written = request
            .bucket(&self.bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(body.to_vec()))
            .send()
            .await;
        match written {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error("s3:PutObject", error)),
        }
    }

    async fn delete_statement(&self, key: &str) -> Result<(), PortError> {
        let request = self.connection.s3().delete_object();
        let deleted = request.bucket(&self.bucket).key(key).send().await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error("s3:DeleteObject", error)),
        }
    }
}
