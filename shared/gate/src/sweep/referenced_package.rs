//! A package that Lambda reads from the signed bucket each time: it must not go. While the stack deploys by reference, nothing
//! in the bucket expires; what stays behind when the parameter is put back, or was created by reference from `current/`, does.

use jiff::SignedDuration;

use super::{settings::SweepWorld, what_runs::TargetComparison};
use crate::{
    domain::{ObjectFate, ReferencedObject, Upload},
    outcome::RetryableError,
    records::DriftKind,
};

/// It is told when so many days are left, and again at each smaller number.
const DAYS_BEFORE_DELETION: [i64; 3] = [1, 7, 30];

impl<W: SweepWorld> TargetComparison<'_, W> {
    /// Whether the object stays that Lambda reads the target's code from. Of another bucket nobody here can say. `upload` is
    /// what was deployed last, or prepared for the function.
    pub(super) async fn package_expires(
        &mut self,
        referenced: Option<&ReferencedObject>,
        upload: &Upload,
    ) -> Result<(), RetryableError> {
        let Some(object) = referenced else {
            return Ok(());
        };
        if object.bucket != self.settings.stack.signed_bucket {
            self.not_judged.push(DriftKind::PackageExpires);
            return Ok(());
        }
        let versions = self.world.package_versions(&object.key).await?;
        let rules = self.inventory.lifecycle_rules(self.world).await?;
        let name = match &object.version {
            Some(version) => format!("the version {version} of {}", object.key),
            None => object.key.clone(),
        };
        let what = format!(
            "{name}, from which Lambda reads the code of {}",
            self.posture.target
        );
        let (message, found) = match object.fate(rules, &versions) {
            ObjectFate::Stays => return Ok(()),
            ObjectFate::Gone => (
                format!("{what}, is not in the signed bucket any more"),
                "it is gone".to_owned(),
            ),
            ObjectFate::DeletedAt(at) => {
                let left = at.duration_since(self.world.now());
                let is_within =
                    |days: &&i64| left < SignedDuration::from_hours(days.saturating_mul(24));
                let Some(days) = DAYS_BEFORE_DELETION.iter().find(is_within) else {
                    return Ok(());
                };
                let message = format!(
                    "{what}, is deleted by a lifecycle rule of the signed bucket at {at} or within a day after it"
                );
                (message, format!("{days} days"))
            }
        };
        let expected = Some("a package that stays");
        let kind = DriftKind::PackageExpires;
        self.add(
            self.drift_of(kind, upload, message)
                .with_values(expected, Some(&found)),
        );
        Ok(())
    }
}
