//! Takes a layer of a vendor: reads it, has the gate's client open it, uploads, and waits.

use std::time::Duration;

use countersign_gate::{
    client::{VendorExpectation, VendorLayer, open_vendor_layer},
    domain::{LayerName, LayerVersionArn, Target, sha256_base64},
    ports::{Adoption as _, LayerCandidate, UploadStore as _},
    records::{UploadState, live},
};
use countersign_package::TrustRoots;
use jiff::Timestamp;

use super::{
    args::{AdoptArguments, Source},
    report::{AdoptReport, SignatureRow, State},
};
use crate::{
    aws::session::Session,
    following::{
        pin::pin_stored,
        reporter::Reporter,
        watch::{Followed, watch},
    },
    io::{error::CliError, input},
};

/// The layer that it becomes.
pub(super) fn target_of(arguments: &AdoptArguments) -> Result<LayerName, CliError> {
    let of_arn = match &arguments.source {
        Source::Lambda(arn) => arn.layer(),
        Source::File(_) => None,
    };
    arguments.target.clone().or(of_arn).ok_or_else(|| {
        CliError::new(
            "it is not known which layer the zip is to become",
            "say it with --as layers/NAME",
        )
    })
}

/// Looks, and does it where that was asked for.
pub(super) async fn take(
    session: &Session,
    arguments: &AdoptArguments,
    name: LayerName,
    (roots, now): (&TrustRoots, Timestamp),
    reporter: &Reporter,
) -> Result<AdoptReport, CliError> {
    let target = Target::Layer(name);
    let source = match &arguments.source {
        Source::Lambda(arn) => arn.to_string(),
        Source::File(path) => path.display().to_string(),
    };
    let report = AdoptReport::new(arguments.apply, source, target.to_string());
    let (bytes, candidate) = match &arguments.source {
        Source::File(path) => (input::read(path, "the layer")?, None),
        Source::Lambda(arn) => match fetch(session, arn, reporter).await? {
            Ok((bytes, candidate)) => (bytes, Some((arn, candidate))),
            Err((message, fix)) => return Ok(report.refused(message.to_owned(), fix.to_owned())),
        },
    };
    let expected = VendorExpectation {
        layer: candidate.as_ref().map(|(arn, candidate)| (*arn, candidate)),
        publisher: arguments.publisher.as_ref(),
    };
    let layer = match open_vendor_layer(&bytes, &expected, roots, now) {
        Ok(layer) => layer,
        Err(obstacle) => {
            let fix = obstacle.fix().to_owned();
            return Ok(report.refused(obstacle.to_string(), fix));
        }
    };
    let source_sha256 = sha256_base64(layer.package());
    let report = AdoptReport {
        signature: layer.signature().map(SignatureRow::from),
        bytes: Some(layer.package().len()),
        source_sha256: Some(source_sha256.clone()),
        metadata: layer.metadata().clone(),
        warnings: layer.warnings().to_vec(),
        ..report
    };
    let live = live(&session.records, &target)
        .await
        .map_err(|error| session.unread_records(&target, &error))?;
    if let Some(live) = live.filter(|live| live.source_sha256 == source_sha256) {
        return Ok(AdoptReport {
            state: State::Adopted,
            upload: Some(live.upload.label()),
            layer_version_arn: live.deployed.layer_version_arn,
            ..report
        });
    }
    if !arguments.apply {
        return Ok(report);
    }
    let followed = upload(session, &target, &layer, reporter).await?;
    let mut followed = [followed];
    let watched = watch(session, &mut followed, arguments.timeout, reporter).await;
    let [followed] = followed;
    let report = ended(report, &followed);
    Ok(match watched {
        // The package is on its way all the same: the report says as which upload.
        Err(CliError { what, fix }) if followed.outcome().is_none() => AdoptReport {
            message: Some(what),
            fix: report.fix.map(|goes_on| format!("{fix}; {goes_on}")),
            ..report
        },
        _ => report,
    })
}

/// The package of a version of a layer, or what stands against it, and the mend.
type Fetched = Result<(Vec<u8>, LayerCandidate), (&'static str, &'static str)>;

async fn fetch(
    session: &Session,
    arn: &LayerVersionArn,
    reporter: &Reporter,
) -> Result<Fetched, CliError> {
    let failed = |error| {
        let what = format!("read the layer {arn}");
        session.failed_lambda_call(&what, "lambda:GetLayerVersion", &error)
    };
    let candidate = session.lambda.layer_candidate(arn).await.map_err(failed)?;
    let Some(candidate) = candidate else {
        return Ok(Err((
            "there is no such version of the layer, or its owner does not share it with this account",
            "check the ARN, and that it is of the region of the stack: layers are of one region",
        )));
    };
    let Some(location) = &candidate.location else {
        return Ok(Err((
            "Lambda does not say where its package can be had",
            "ask the vendor for the zip, and give that",
        )));
    };
    reporter.wait(&format!("downloading {arn}"), Duration::ZERO);
    let bytes = session.lambda.download(location).await;
    reporter.done();
    Ok(Ok((bytes.map_err(failed)?, candidate)))
}

async fn upload(
    session: &Session,
    target: &Target,
    layer: &VendorLayer,
    reporter: &Reporter,
) -> Result<Followed, CliError> {
    reporter.wait(&format!("uploading {target}"), Duration::ZERO);
    let stored = session
        .uploads
        .put_upload(target, layer.package(), layer.metadata())
        .await;
    reporter.done();
    let stored =
        stored.map_err(|error| session.failed_upload("write", target, "s3:PutObject", &error))?;
    let upload = pin_stored(session, target, stored).await?;
    Ok(Followed::new(target.clone(), upload))
}

fn ended(report: AdoptReport, followed: &Followed) -> AdoptReport {
    let label = followed.upload().label();
    let target = followed.target();
    let report = AdoptReport {
        upload: Some(label.clone()),
        ..report
    };
    let Some(outcome) = followed.outcome() else {
        return AdoptReport {
            state: State::Pending,
            message: Some("it has not ended in the time that there was".to_owned()),
            fix: Some(format!(
                "it goes on without you: countersign wait {target} --upload {label}"
            )),
            ..report
        };
    };
    let is_good = outcome.state == UploadState::Deployed;
    let code = outcome.code.map(|code| format!("{code}: "));
    let deployed = outcome.deployed.as_ref();
    AdoptReport {
        state: if is_good { State::Done } else { State::Failed },
        outcome: Some(outcome.state),
        layer_version_arn: deployed.and_then(|deployed| deployed.layer_version_arn.clone()),
        message: Some(format!("{}{}", code.unwrap_or_default(), outcome.message)),
        fix: outcome.fix.clone(),
        ..report
    }
}
