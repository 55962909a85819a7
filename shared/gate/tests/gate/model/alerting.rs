//! What a schedule does beside the others in which `alert` runs: people go past the gate, events come late, twice, in
//! any order or not at all, and the clock has told what was counted.

use std::{collections::BTreeSet, sync::OnceLock, time::Duration};

use countersign_gate::{
    alerts::{AlertSettings, AwsLocation, HttpsPages, RoleList},
    domain::CscArn,
    outcome::{DECIDED_DETAIL_TYPE, DRIFT_DETAIL_TYPE},
    records::OpenAlerts,
};
use jiff::SignedDuration;

use super::{
    paged::WAITS,
    schedule::{Event, Schedule},
};
use crate::world::{
    Mistake, RECORDS, World,
    packages::{ACCOUNT, CSC},
    run::stack,
    trail::{BusEvent, DEPLOY_ROLE},
};

/// What the clock sends.
const CLOCK: &str = r#"{"run": "repeats"}"#;
/// How long repeats are counted.
pub(super) const REPEAT_INTERVAL: Duration = Duration::from_hours(1);
/// `alert` lives so long.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_secs(15);

/// The settings of `alert`, or what they would be if it did not know the roles of the stack.
pub(super) fn settings(mistake: Option<Mistake>) -> &'static AlertSettings {
    static SETTINGS: OnceLock<[AlertSettings; 2]> = OnceLock::new();
    let with = |own_roles| AlertSettings {
        stack: stack().name,
        records_bucket: RECORDS.to_owned(),
        own_roles,
        peer_roles: RoleList::none(),
        functions: None,
        under_own_csc: BTreeSet::new(),
        layers: None,
        signing_profile: Some(World::profile_name()),
        other_profiles: Vec::new(),
        csc: Some(CscArn::parse(CSC).unwrap()),
        key_arn: None,
        success_notices: false,
        repeat_interval: REPEAT_INTERVAL,
        only_warns: false,
        https_pages: HttpsPages::AmazonQ,
        runbook_url: None,
        place: Some(AwsLocation {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            account: ACCOUNT.to_owned(),
        }),
    };
    let [known, unknown] = SETTINGS
        .get_or_init(|| [RoleList::parse(DEPLOY_ROLE).unwrap(), RoleList::none()].map(with));
    if mistake == Some(Mistake::OwnRolesNotKnown) {
        unknown
    } else {
        known
    }
}

impl Schedule {
    /// One thing happens that concerns `alert`.
    pub(super) fn step_of_alert(&mut self) {
        match self.random.below(12) {
            0 => self.world.intrude(),
            1 => self.world.turn_back_aliases(),
            2 => {
                let is_signed = self.random.in_1000(600);
                self.world.sign_code(is_signed);
            }
            3 if self.random.in_1000(300) => {
                let is_revoked = self.random.in_1000(500);
                self.world.revoke(is_revoked);
            }
            4 if self.kind.is_forged => self.forge_an_event(),
            5 => self.send_to_alert(&BusEvent {
                id: "clock".to_owned(),
                body: CLOCK.to_owned(),
                can_be_lost: false,
            }),
            6 if self.random.in_1000(400) => self.pass_hours(),
            _ => self.start_an_alert(),
        }
    }

    /// What is on the bus comes to the queue of `alert`, or never.
    pub(super) fn deliver_events(&mut self) {
        let events = std::mem::take(&mut self.world.state().trail.bus);
        for event in events {
            let is_lost = self.kind.is_lossy
                && event.can_be_lost
                && !self.is_at_rest
                && self.random.in_1000(300);
            if is_lost {
                self.lose(&event.id);
            } else {
                self.send_to_alert(&event);
            }
        }
    }

    fn send_to_alert(&mut self, event: &BusEvent) {
        let copies = if self.random.in_1000(200) { 2 } else { 1 };
        for _ in 0..copies {
            self.push(Event::Alert(event.id.clone(), event.body.as_str().into()));
        }
    }

    fn lose(&self, id: &str) {
        let mut state = self.world.state();
        state.note(|| format!("                {id} is lost"));
        let trail = &mut state.trail;
        for happening in trail.happenings.iter_mut().filter(|it| it.id == id) {
            happening.is_lost = true;
        }
        for ending in trail.endings.iter_mut().filter(|it| it.id == id) {
            ending.is_lost = true;
        }
    }

    /// Somebody who may send events to the bus points at a record, his own or one of the gate's.
    fn forge_an_event(&mut self) {
        let records: Vec<String> = {
            let state = self.world.state();
            let outcomes = state.records.keys();
            outcomes
                .filter(|path| path.ends_with("/outcome.json") || path.starts_with("drift/"))
                .cloned()
                .collect()
        };
        let path = if records.is_empty() || self.random.in_1000(300) {
            "functions/checkout/20260928T120000Z-v99/outcome.json".to_owned()
        } else {
            records[self.random.below(records.len())].clone()
        };
        let detail_type = if path.starts_with("drift/") {
            DRIFT_DETAIL_TYPE
        } else {
            DECIDED_DETAIL_TYPE
        };
        let bucket = ["elsewhere", RECORDS][self.random.below(2)];
        let stack = ["other", "gate", "gate"][self.random.below(3)];
        let record = format!("s3://{bucket}/{path}");
        let mut state = self.world.state();
        state.forge_event(detail_type, stack, &record);
    }

    /// A message of `alert` begins, mostly with nobody in its way.
    fn start_an_alert(&mut self) {
        let most = self.most;
        let waits = self.one_of(|m| {
            let is_waiting = !m.done && m.task.is_none() && m.received < most;
            is_waiting && matches!(m.event, Event::Alert(..))
        });
        if let Some(at) = waits {
            self.start(at);
            if self.random.in_1000(700) {
                while !self.go_on(at) {}
            }
        }
    }

    fn pass_hours(&mut self) {
        self.pass_time();
        let hours = 1 + self.random.below(3);
        self.world
            .state()
            .tick(i64::try_from(hours).unwrap() * 3600);
    }

    /// The clock has everything told that waits.
    pub(super) fn tell_what_waits(&mut self) {
        const DAY: i64 = 25 * 60 * 60;
        for _ in 0..4 {
            self.world.state().tick(DAY);
            self.push(Event::Alert("clock".to_owned(), CLOCK.into()));
            assert!(self.deliver_all(), "the clock of alert does not end");
            let open: Option<OpenAlerts> = self.world.state().record("alerts/open.json");
            if open.is_none_or(|open| open.repeats.is_empty()) {
                return;
            }
        }
        panic!("{WAITS}");
    }
}
