//! The target's package below `current/` of the signed bucket, which functions are created from, beside what was deployed or
//! prepared last. Its metadata is what the gate wrote there; its bytes are read when an upload is deployed.

use super::{settings::SweepWorld, what_runs::TargetComparison};
use crate::{
    domain::Upload,
    outcome::RetryableError,
    records::{self, DriftKind, Received},
};

impl<W: SweepWorld> TargetComparison<'_, W> {
    /// Whether the package is that of this upload, or a later one. One that was signed from the same source stays where it
    /// is, with the label of the upload that it was signed for.
    pub(super) async fn package_behind(
        &mut self,
        upload: &Upload,
        source_sha256: Option<&str>,
    ) -> Result<(), RetryableError> {
        let target = self.posture.target.clone();
        let label = upload.label();
        let Some(found) = self.world.current_package(&target).await? else {
            let message = format!("there is no current/{target}.zip in the signed bucket");
            let kind = DriftKind::PackageBehind;
            self.add(
                self.drift_of(kind, upload, message)
                    .with_values(Some(&label), None),
            );
            return Ok(());
        };
        let of = found.upload.as_deref();
        let is_later = of
            .and_then(Upload::parse_label)
            .is_some_and(|(at, _)| at >= upload.at);
        let is_same_source =
            source_sha256.is_some() && found.source_sha256.as_deref() == source_sha256;
        if is_later || is_same_source {
            return Ok(());
        }
        let whose = of.map_or_else(
            || "which does not say of which upload it is".to_owned(),
            |of| format!("which is of the upload {of}"),
        );
        let message =
            format!("the signed bucket has a current/{target}.zip {whose}, and not of {label}");
        let found = of.unwrap_or("no upload");
        let kind = DriftKind::PackageBehind;
        self.add(
            self.drift_of(kind, upload, message)
                .with_values(Some(&label), Some(found)),
        );
        Ok(())
    }

    /// The same of an upload that was prepared for a function.
    pub(super) async fn prepared_package_behind(
        &mut self,
        upload: &Upload,
    ) -> Result<(), RetryableError> {
        let received: Option<Received> = records::read(self.world, &upload.folder()).await?;
        let source = received.and_then(|received| received.source_sha256);
        self.package_behind(upload, source.as_deref()).await
    }
}
