//! Layers.

use super::error::PortError;
use crate::{
    domain::{CodeIdentity, CodeStorage, LayerName, ReferencedObject, Refusal},
    verdict::Approved,
};
use std::future::Future;

/// What becomes a layer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerRequest {
    /// The layer.
    pub layer: LayerName,
    /// At most 256 characters.
    pub description: String,
    /// `CompatibleRuntimes`, at most 15; empty means: not said.
    pub runtimes: Vec<String>,
    /// `CompatibleArchitectures`, at most 2; empty means: not said.
    pub architectures: Vec<String>,
    /// `S3ObjectStorageMode`.
    pub storage: CodeStorage,
}

/// One published version of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerVersion {
    /// `Version`.
    pub version: i64,
    /// `LayerVersionArn`.
    pub arn: String,
    /// `Description`, perhaps empty.
    pub description: String,
}

/// A layer version's content (`Content` of `GetLayerVersion` and of `PublishLayerVersion`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerContent {
    /// The version.
    pub version: LayerVersion,
    /// Its code.
    pub code: CodeIdentity,
    /// Where Lambda reads it from (`ResolvedS3Object`, grade A).
    pub storage: CodeStorage,
    /// The object that Lambda reads it from; `None` when it keeps a copy.
    pub referenced: Option<ReferencedObject>,
}

/// Lambda's answer to `PublishLayerVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerPublish {
    /// It is there.
    Published(LayerContent),
    /// It will be refused again: size, zip, storage, an unknown runtime.
    Refused(Refusal),
}

/// Layers. Lambda does not judge them when they are published (grade C), so nobody but the gate
/// stands between an upload and a layer version.
pub trait Layers: Sync {
    /// `ListLayerVersions`, newest first, at most `max`.
    fn layer_versions(
        &self,
        layer: &LayerName,
        max: u8,
    ) -> impl Future<Output = Result<Vec<LayerVersion>, PortError>> + Send;

    /// `GetLayerVersion`; `None` when there is none.
    fn layer_content(
        &self,
        layer: &LayerName,
        version: i64,
    ) -> impl Future<Output = Result<Option<LayerContent>, PortError>> + Send;

    /// `PublishLayerVersion` from the approved package's bucket, key and version.
    fn publish_layer(
        &self,
        request: &LayerRequest,
        approved: &Approved,
    ) -> impl Future<Output = Result<LayerPublish, PortError>> + Send;
}
