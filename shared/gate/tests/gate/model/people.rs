//! Schedules in which people are asked: they approve, in time or late, for other bytes or as who uploaded, withdraw that, and break
//! the glass, whose end comes.

use std::time::Duration;

use countersign_gate::{
    deployment::PeopleSettings,
    domain::{Uploader, VersionId},
};
use jiff::SignedDuration;

use super::schedule::{Event, Schedule};
use crate::world::{
    packages::Nature,
    people::{HERSELF, SOMEBODY_ELSE, UPLOADER},
    run::{event, people_settings},
};

/// One of eight, by the seed alone.
pub(super) fn asks_people(seed: u64) -> bool {
    seed % 8 == 7
}

/// One other person has to approve, and is waited for while a schedule comes to rest.
pub(super) fn asking_people() -> PeopleSettings {
    PeopleSettings {
        required_approvals: 1,
        max_wait: Duration::from_mins(40),
        allows_break_glass: true,
        ..people_settings()
    }
}

impl Schedule {
    /// Somebody says something of an upload.
    pub(super) fn people_speak(&mut self) {
        let puts = self.world.state().puts.len();
        if puts == 0 {
            return;
        }
        let put = self.random.below(puts);
        if self.world.state().puts[put].slot.is_none() {
            return;
        }
        match self.random.below(10) {
            0..=3 => self.approve(put, SOMEBODY_ELSE),
            4 => self.approve(put, UPLOADER),
            5 => self.approve(put, HERSELF),
            6..=7 => self.withdraw(put),
            _ => self.break_the_glass(put),
        }
    }

    /// Approves what was uploaded, and has S3 tell of it, now or later.
    pub(super) fn approve(&mut self, put: usize, by: &'static str) {
        let folder = {
            let state = self.world.state();
            if state.puts[put].slot.is_none() {
                return;
            }
            state.approvals_folder(put)
        };
        let name = if by == SOMEBODY_ELSE { "ben" } else { "ann" };
        let key = format!("{folder}{name}.json");
        let version = self.world.state_by(&key, "{}", by);
        self.tell(&key, version, by, "approves");
    }

    fn withdraw(&mut self, put: usize) {
        let folder = self.world.state().approvals_folder(put);
        let key = format!("{folder}ben.json");
        if self.world.state().statements.contains_key(&key) {
            self.world.withdraw(&key);
            let mut state = self.world.state();
            state.note(|| format!("                somebody withdraws {key}"));
        }
    }

    /// Of what can be deployed: what it passes over is a policy.
    fn break_the_glass(&mut self, put: usize) {
        let key = {
            let state = self.world.state();
            let slot = state.puts[put].slot.expect("it was uploaded");
            if state.packages[slot].nature != Nature::Good {
                return;
            }
            state.glass_key(put)
        };
        let by = if self.random.in_1000(700) {
            SOMEBODY_ELSE
        } else {
            UPLOADER
        };
        // Some ends come within a deployment, some have come.
        let seconds = [-5, 5, 60, 900][self.random.below(4)];
        let until = self.world.state().now + SignedDuration::from_secs(seconds);
        let body =
            format!(r#"{{"schema":1,"justification":"the shop is down","until":"{until}"}}"#);
        let version = self.world.state_by(&key, &body, by);
        self.tell(&key, version, by, "breaks the glass");
    }

    fn tell(&mut self, key: &str, version: VersionId, by: &str, what: &str) {
        self.world
            .state()
            .note(|| format!("                {by} {what}: {key} {version}"));
        let mut event = event(&self.world, key, Some(version));
        event.uploaded_by = Uploader {
            principal: Some(by.to_owned()),
            source_ip: None,
        };
        self.send(&Event::Uploaded(event));
    }
}
