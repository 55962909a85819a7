//! The probe of every day: due once in a day, told once, and closed when AWS does as it is known to again.

use std::time::Duration;

use countersign_gate::{
    domain::{
        Csc, CscArn, FunctionName, LayerName, LifecycleRule, NamePattern, PackageVersion,
        ProbeFunction, Scope,
    },
    events::SweepRun,
    outcome::DeliveryAttempt,
    ports::{
        Announcement, Clock, Events, FunctionAliases, FunctionInventory, LayerContent,
        LayerPublish, LayerRequest, LayerVersion, Layers, ListedAlias, ListedFunction, ListingPage,
        PackageStorage, PortError, Redelivery, UploadFunction, UploadInventory, VersionsCursor,
        VersionsPage,
    },
    records::{DailyProbe, Drift},
    sweep::{DailyProbeSettings, SweepReport, SweepSettings, SweepStopped, sweep},
    verdict::Approved,
};
use countersign_package::TrustRoots;
use jiff::Timestamp;

use super::memory_aws::{Aws, Otherwise, denied, lock};
use crate::world::{
    packages::{ACCOUNT, pki},
    run::{run, sweep_settings},
};

impl Events for Aws {
    async fn announce(&self, announcement: &Announcement) -> Result<(), PortError> {
        if std::mem::take(&mut *lock(&self.bus_fails)) {
            return Err(denied("events:PutEvents"));
        }
        lock(&self.told).push(announcement.detail().to_owned());
        Ok(())
    }
}

impl UploadInventory for Aws {
    async fn list_all_versions(
        &self,
        _: Option<&VersionsCursor>,
    ) -> Result<VersionsPage, PortError> {
        Ok(VersionsPage::default())
    }
}

fn nothing<T>() -> ListingPage<T> {
    ListingPage {
        items: Vec::new(),
        next: None,
    }
}

impl FunctionInventory for Aws {
    async fn list_functions(
        &self,
        _: Option<&str>,
    ) -> Result<ListingPage<ListedFunction>, PortError> {
        Ok(nothing())
    }

    async fn list_cscs(&self, _: Option<&str>) -> Result<ListingPage<Csc>, PortError> {
        Ok(nothing())
    }

    async fn functions_of_csc(
        &self,
        _: &CscArn,
        _: Option<&str>,
    ) -> Result<ListingPage<String>, PortError> {
        Ok(nothing())
    }
}

impl PackageStorage for Aws {
    async fn lifecycle_rules(&self) -> Result<Vec<LifecycleRule>, PortError> {
        panic!("nothing is read from the bucket")
    }

    async fn package_versions(&self, key: &str) -> Result<Vec<PackageVersion>, PortError> {
        panic!("nothing is read from {key}")
    }
}

impl Redelivery for Aws {
    async fn resend(&self, to: UploadFunction, _: &str) -> Result<(), PortError> {
        panic!(
            "nothing is lost, and {} is sent an event again",
            to.as_str()
        )
    }
}

impl FunctionAliases for Aws {
    async fn list_aliases(
        &self,
        _: &FunctionName,
        _: Option<&str>,
    ) -> Result<ListingPage<ListedAlias>, PortError> {
        Ok(nothing())
    }
}

impl Layers for Aws {
    async fn layer_versions(&self, _: &LayerName, _: u8) -> Result<Vec<LayerVersion>, PortError> {
        panic!("there is no layer")
    }

    async fn layer_content(
        &self,
        _: &LayerName,
        _: i64,
    ) -> Result<Option<LayerContent>, PortError> {
        panic!("there is no layer")
    }

    async fn publish_layer(
        &self,
        _: &LayerRequest,
        _: &Approved,
    ) -> Result<LayerPublish, PortError> {
        panic!("a probe publishes nothing")
    }
}

impl Aws {
    fn pass(&self, span: Duration) {
        let mut now = lock(&self.now);
        *now = now.saturating_add(span).unwrap();
    }

    fn record<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        let records = lock(&self.records);
        let body = records.get(path)?;
        Some(serde_json::from_slice(body).unwrap())
    }

    fn drift(&self, kind: &str) -> Option<Drift> {
        self.record(&format!("drift/account/probe/{kind}.json"))
    }

    /// The facts that the last probe found otherwise.
    fn differing(&self) -> Vec<String> {
        let probe: DailyProbe = self.record("probe.json").unwrap();
        probe.differs.into_iter().map(|fact| fact.id).collect()
    }
}

fn settings(function: &str) -> SweepSettings {
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}");
    SweepSettings {
        scope: Scope {
            functions: NamePattern::parse("*o*").unwrap(),
            ..sweep_settings().scope
        },
        daily_probe: Some(DailyProbeSettings {
            function: ProbeFunction::parse(&arn).unwrap(),
            roots: TrustRoots::from_pem(pki().root_pem().as_bytes()).unwrap(),
        }),
        ..sweep_settings()
    }
}

/// An attempt at the run over everything that began at `since`, in an invocation of so long.
fn sweep_for(
    aws: &Aws,
    settings: &SweepSettings,
    since: Timestamp,
    time: Duration,
) -> Result<SweepReport, SweepStopped> {
    let now = aws.now();
    let after = |span| now.saturating_add(span).unwrap();
    let attempt = DeliveryAttempt {
        id: "sweep/1".to_owned(),
        attempt: 1,
        since,
        give_up_at: after(Duration::from_hours(6)),
        work_until: after(time),
    };
    run(sweep(aws, settings, SweepRun::Everything, &attempt))
}

fn swept(aws: &Aws, settings: &SweepSettings) {
    let report = sweep_for(aws, settings, aws.now(), LONG).unwrap();
    assert_eq!(report.troubles, [""; 0]);
}

const HOUR: Duration = Duration::from_hours(1);
const LONG: Duration = Duration::from_mins(14);

#[test]
fn is_due_once_in_a_day() {
    let aws = Aws::new(Otherwise::Nothing);
    let settings = settings("doctor-probe");
    for hour in 0..48 {
        swept(&aws, &settings);
        assert_eq!(*lock(&aws.uploaded), 1 + hour / 23, "hour {hour}");
        aws.pass(HOUR);
    }
    assert_eq!(aws.differing(), [""; 0]);
    assert_eq!(*lock(&aws.told), [""; 0]);
    let probe: DailyProbe = aws.record("probe.json").unwrap();
    assert!(probe.confirmed >= 30, "{probe:?}");
}

#[test]
fn stack_without_it_uploads_nothing() {
    let aws = Aws::new(Otherwise::Nothing);
    swept(&aws, &sweep_settings());
    assert_eq!(*lock(&aws.uploaded), 0);
    assert!(aws.record::<DailyProbe>("probe.json").is_none());
}

#[test]
fn difference_of_aws_is_told_once_and_closed() {
    let mut aws = Aws::new(Otherwise::ModesDropped);
    let settings = settings("doctor-probe");
    for _ in 0..72 {
        swept(&aws, &settings);
        aws.pass(HOUR);
    }
    assert_eq!(aws.differing(), ["kinds-and-modes-kept"]);
    assert_eq!(lock(&aws.told).len(), 1, "three probes, one page");
    let open = aws.drift("PROBE_DIFFERS").unwrap();
    assert!(open.is_open());
    assert_eq!(open.found.as_deref(), Some("kinds-and-modes-kept"));
    // Another difference is another page.
    aws.otherwise = Otherwise::ExpiryOfItsOwn;
    aws.pass(24 * HOUR);
    swept(&aws, &settings);
    assert_eq!(lock(&aws.told).len(), 2);
    // AWS took it back.
    aws.otherwise = Otherwise::Nothing;
    aws.pass(24 * HOUR);
    swept(&aws, &settings);
    assert_eq!(lock(&aws.told).len(), 3);
    assert!(!aws.drift("PROBE_DIFFERS").unwrap().is_open());
}

#[test]
fn probe_that_cannot_be_made_is_told_until_it_is_taken_out() {
    let aws = Aws::new(Otherwise::Nothing);
    // There is such a function: the gate would deploy to it.
    swept(&aws, &settings("shop"));
    let open = aws.drift("PROBE_IMPOSSIBLE").unwrap();
    assert!(
        open.message.contains("there is a function shop"),
        "{open:?}"
    );
    assert_eq!(*lock(&aws.uploaded), 0);
    aws.pass(24 * HOUR);
    swept(&aws, &settings("bank"));
    let open = aws.drift("PROBE_IMPOSSIBLE").unwrap();
    assert!(open.message.contains("leaves bank out"), "{open:?}");
    aws.pass(HOUR);
    swept(&aws, &sweep_settings());
    assert!(!aws.drift("PROBE_IMPOSSIBLE").unwrap().is_open());
    assert_eq!(lock(&aws.told).len(), 3);
}

#[test]
fn next_attempt_probes_when_this_one_has_no_time() {
    let aws = Aws::new(Otherwise::Nothing);
    let settings = settings("doctor-probe");
    let since = aws.now();
    let stopped = sweep_for(&aws, &settings, since, Duration::from_mins(2)).unwrap_err();
    assert!(stopped.error.to_string().contains("daily probe"));
    assert_eq!(*lock(&aws.uploaded), 0);
    sweep_for(&aws, &settings, since, LONG).unwrap();
    assert_eq!(*lock(&aws.uploaded), 1);
}

/// The probe is on record and nobody was told: an hour later, not a day.
#[test]
fn difference_whose_event_failed_is_told_by_the_next_run() {
    let aws = Aws::new(Otherwise::ModesDropped);
    *lock(&aws.bus_fails) = true;
    let settings = settings("doctor-probe");
    let report = sweep_for(&aws, &settings, aws.now(), LONG).unwrap();
    assert_eq!(report.troubles.len(), 1, "{report:?}");
    assert_eq!(lock(&aws.told).len(), 0);
    aws.pass(HOUR);
    swept(&aws, &settings);
    assert_eq!((lock(&aws.told).len(), *lock(&aws.uploaded)), (1, 1));
}

/// Signer or S3 that gives no answer is no difference: the next hour tries again.
#[test]
fn trouble_is_no_difference() {
    let aws = Aws::new(Otherwise::NoUpload);
    let settings = settings("doctor-probe");
    let report = sweep_for(&aws, &settings, aws.now(), LONG).unwrap();
    assert_eq!(report.troubles.len(), 1, "{report:?}");
    assert!(
        report.troubles[0].starts_with("account/probe: "),
        "{report:?}"
    );
    assert!(aws.record::<DailyProbe>("probe.json").is_none());
    assert_eq!(*lock(&aws.told), [""; 0]);
}
