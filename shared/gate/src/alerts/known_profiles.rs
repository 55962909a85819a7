//! Which profiles the stack's functions trust beside its own: the publishers of the code signing configurations of the
//! stack and of its targets, as `sweep` saw them last.

use std::collections::BTreeSet;

use countersign_package::ProfileVersionArn;

use super::{detections::is_gates_work, settings::AlertSettings};
use crate::{
    domain::{CscArn, FunctionName, NamePattern, ProfileName},
    events::ApiCall,
    ports::Records,
    records::{self, Posture},
};

/// The settings with the profiles that are trusted. Without a posture, those of the settings alone are watched.
pub(super) async fn with_trusted<R: Records>(
    records: &R,
    call: &ApiCall,
    settings: &AlertSettings,
) -> Option<AlertSettings> {
    let own = settings.signing_profile.as_ref().map(ProfileName::as_str);
    let is_known = own.is_some() && call.request_text("/profileName") == own;
    let is_ours = is_gates_work(call) && settings.own_roles.made(call);
    if call.service() != "signer" || is_known || is_ours {
        return None;
    }
    let posture: Posture = records::read(records, "").await.ok()??;
    let trusted = trusted(&posture, settings, call.account());
    let names = trusted
        .into_iter()
        .filter_map(|name| NamePattern::parse(&name).ok());
    let mut settings = settings.clone();
    settings.other_profiles.extend(names);
    Some(settings)
}

/// The names of this account's profiles among the publishers. Those of another account sign there, and its trail has it.
fn trusted(posture: &Posture, settings: &AlertSettings, account: &str) -> BTreeSet<String> {
    let own = settings.csc.as_ref().map(CscArn::as_str);
    let is_gated = |name: &str| {
        let name = FunctionName::parse(name);
        name.is_ok_and(|name| settings.gates_function(&name))
    };
    let of_targets: BTreeSet<&str> = posture
        .functions
        .iter()
        .filter(|function| is_gated(&function.name))
        .filter_map(|function| function.code_signing_config.as_deref())
        .chain(own)
        .collect();
    posture
        .configurations
        .iter()
        .filter(|csc| of_targets.contains(csc.arn.as_str()))
        .flat_map(|csc| &csc.publishers)
        .filter_map(|publisher| ProfileVersionArn::parse(publisher).ok())
        .filter(|publisher| publisher.account() == account)
        .map(|publisher| publisher.profile_name().to_owned())
        .collect()
}
